"""Runs ``serve run`` on a Ray of this machine, with its files and its metrics at a fixed place.

``ray``, beside the directory of Ray's files, becomes a link to their logs.
"""

import argparse
import sys
from pathlib import Path

import ray
from ray.serve.scripts import cli


def main() -> None:
    """Serve the configuration named on the command line until SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config")
    parser.add_argument(
        "--directory",
        type=Path,
        required=True,
        help="of Ray's files",
    )
    parser.add_argument("--metrics-port", type=int, required=True)
    arguments = parser.parse_args()
    directory: Path = arguments.directory
    # Before Ray starts: the directory of the program is where its workers look for modules first.
    sys.argv = [str(Path(sys.prefix, "bin", "serve")), "run", arguments.config]
    ray.init(
        address="local",
        namespace="serve",
        _temp_dir=str(directory),
        _metrics_export_port=arguments.metrics_port,
    )
    (session,) = directory.glob("session_2*")
    files = directory.resolve()
    (files.parent / "ray").symlink_to(Path(files.name, session.name, "logs"))
    cli()  # uses the Ray there is


if __name__ == "__main__":
    main()
