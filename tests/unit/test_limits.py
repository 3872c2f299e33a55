"""The table of limits in the documentation is the code's."""

import re
from pathlib import Path

from wire.limits import LIMITS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "limits.md"


def test_documented_limits_are_those_of_the_code() -> None:
    rows = [f"| {of.what} | {limit:,} | {of.reason} |" for limit, of in LIMITS.values()]

    listed = re.findall(r"^\| [^|]+ \| [\d,]+ \| .*$", PAGE.read_text(), re.MULTILINE)

    assert listed == rows


def test_no_limit_has_two_names() -> None:
    assert len({of.what for _, of in LIMITS.values()}) == len(LIMITS)
