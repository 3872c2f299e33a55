"""Models that Homeport carries in its own repository, with the recipes that build them."""
