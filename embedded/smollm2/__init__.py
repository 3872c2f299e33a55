"""The chat model of `configs/local.yaml`: SmolLM2 from a package, and the recipe of an adapter."""
