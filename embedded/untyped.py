"""Where the recipes leave a library's declared types: the one place for all of them."""

from typing import Any


def drop_types(thing: object) -> Any:
    """Return a module, class or object of a library whose declared types are wrong, without them.

    diffusers, transformers and scipy declare some arguments and results otherwise than they are:
    tuples of one item, no None, results that may be tuples.
    """
    return thing
