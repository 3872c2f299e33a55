"""What the trainings have in common: their options, and a processor set up for them.

It depends on no model.
"""

from argparse import ArgumentParser, Namespace

import torch


def training_options(description: str | None, steps: int, threads: int = 1) -> ArgumentParser:
    """Return the options that every training has, to which it adds its own."""
    options = ArgumentParser(description=description)
    options.add_argument("--steps", type=int, default=steps)
    options.add_argument("--threads", type=int, default=threads)
    options.add_argument("--fresh", action="store_true", help="do not go on from what was kept")
    return options


def begin(options: ArgumentParser, seed: int) -> Namespace:
    """Read the command line and make the processor and chance ready."""
    asked = options.parse_args()
    torch.set_num_threads(asked.threads)
    # Numbers next to nothing slow a processor down to a fraction.
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)
    return asked
