"""The models of configs/local.yaml, whose weights come with packages: what they answer."""
