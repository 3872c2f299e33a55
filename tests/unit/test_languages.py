"""Whatever way a language is written, one code is meant."""

import pytest
from langcodes import Language

from wire.languages import LANGUAGES, closest_tag, language_code

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
        ("nb", "no"),
        ("nb-NO", "no"),
        ("no", "no"),
        ("nn", "nn"),
        ("jv", "jw"),
        ("jw", "jw"),
        ("iw", "he"),
        ("in", "id"),
        ("mo", "ro"),
        ("sh", "sr"),
        ("tl", "tl"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh_TW", "zh"),
        ("zh-Hant-HK", "zh"),
        ("zh-yue", "yue"),
        ("Mandarin", "zh"),
        ("Haitian Creole", "ht"),
        ("FLEMISH", "nl"),
        ("en_US.UTF-8", "en"),
        ("en-XX-nonsense", "en"),
        ("klingon", None),
        ("tlh", None),
        ("x-private", None),
        ("xyz", None),
        ("", None),
    ],
)
def test_language_is_known_by_its_codes_and_its_name(written: str, code: str | None) -> None:
    assert language_code(written) == code


ESPEAKS = (
    *("en-us", "cmn", "de", "en-029", "en-gb", "en-shaw", "es", "es-419", "fr-be", "fr-fr", "he"),
    *("nb", "pt", "pt-br", "vi", "vi-vn-x-south", "yue", "chr-us-qaaa-x-west"),
)


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        ("en", "en-us"),
        ("English", "en-us"),
        ("EN_gb", "en-gb"),
        ("en-AU", "en-gb"),
        ("eng", "en-us"),
        ("fr", "fr-fr"),
        ("fra", "fr-fr"),
        ("fr-CA", "fr-fr"),
        ("fr-be", "fr-be"),
        ("de-AT", "de"),
        ("es-MX", "es-419"),
        ("pt-PT", "pt"),
        ("pt-BR", "pt-br"),
        ("no", "nb"),
        ("nb-NO", "nb"),
        ("iw", "he"),
        ("zh", "cmn"),
        ("zh-CN", "cmn"),
        ("Mandarin", "cmn"),
        ("zho", "cmn"),
        ("yue", "yue"),
        ("chr-us-qaaa-x-west", "chr-us-qaaa-x-west"),
        ("vi-vn", "vi"),
        ("br", None),
        ("gsw", None),
        ("tlh", None),
        ("", None),
    ],
)
def test_language_of_a_voice_is_found_by_every_name(wanted: str, tag: str | None) -> None:
    assert closest_tag(wanted, ESPEAKS) == tag


def test_long_text_is_no_language() -> None:
    assert language_code("de-" + "-".join(["abcd"] * 500_000)) is None
