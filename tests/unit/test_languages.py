"""Whatever way a language is written, one code is meant."""

import pytest
from langcodes import Language

from wire.languages import LANGUAGES, language_code

UNLIKE = {
    "bg": "bul",
    "es": "spa",
    "ja": "jpn",
    "jw": "jav",
    "kk": "kaz",
    "lb": "ltz",
    "pt": "por",
    "sv": "swe",
}
"""Short codes whose letters are not in the long ones."""


def letters_are_in(short: str, long: str) -> bool:
    rest = iter(long)
    return all(letter in rest for letter in short)


def test_every_language_has_a_code_of_three_letters() -> None:
    longs = {code: Language.get(code, normalize=False).to_alpha3() for code in LANGUAGES}

    assert [language_code(long) for long in longs.values()] == list(LANGUAGES)
    assert {code: long for code, long in longs.items() if not letters_are_in(code, long)} == UNLIKE


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("en", "en"),
        ("ENG", "en"),
        ("en-US", "en"),
        ("eng-US", "en"),
        ("English", "en"),
        ("pol", "pl"),
        ("pus", "ps"),
        ("cmn", "zh"),
        ("fil", "tl"),
        ("nob", "no"),
        ("ger", "de"),
        ("yue", "yue"),
        ("haw", "haw"),
        ("xyz", None),
        ("", None),
    ],
)
def test_language_is_known_by_its_codes_and_its_name(written: str, code: str | None) -> None:
    assert language_code(written) == code
