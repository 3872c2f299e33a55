"""Prints the held-out scores of every embedded model that was trained here.

    python -m embedded.evaluate [--update-cards] [chat] [images] [transcriptions]

Each recipe measures its own model in a process of its own; this only calls them one by one.
"""

import argparse
import subprocess
import sys

MODELS = ("chat", "images", "transcriptions")


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update-cards", action="store_true", help="write the tables to the cards")
    parser.add_argument("models", nargs="*", help=f"all of {', '.join(MODELS)} unless named")
    options = parser.parse_args()
    flags = ["--update-card"] if options.update_cards else []
    for model in options.models or MODELS:
        print(f"\n{model}\n", flush=True)
        subprocess.run(
            [sys.executable, "-m", f"embedded.{model}.recipe.evaluate", *flags], check=True
        )


if __name__ == "__main__":
    main()
