"""Trains the embedded image model from nothing and writes its files, in four steps.

    python -m embedded.images.recipe.train [--fresh] [--threads N]

Goes on where an earlier call stopped.
"""

import subprocess
import sys

from embedded.images.recipe.pixels import WORK

STEPS = {
    "autoencoder": "autoencoder",
    "text": "text_encoder",
    "decoder": "decoder",
    "denoiser": None,
}
"""Each training, and the folder that says that it is done."""


def main() -> None:
    """Run the trainings that are not done yet, each in a process of its own."""
    fresh = "--fresh" in sys.argv
    for step, result in STEPS.items():
        if result and (WORK / result).exists() and not fresh:
            continue
        training = f"embedded.images.recipe.train_{step}"
        subprocess.run([sys.executable, "-m", training, *sys.argv[1:]], check=True)


if __name__ == "__main__":
    main()
