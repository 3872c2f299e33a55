"""Languages: Whisper's codes, the names in OpenAI's answers, and every way to name one."""

from collections.abc import Iterable

MAX_TAG_CHARS = 100
"""RFC 5646 recommends room for 35; to parse a tag of millions takes seconds."""
MAX_DISTANCE = 1000
"""Between languages that have nothing in common."""

LANGUAGES = {
    "af": "afrikaans", "am": "amharic", "ar": "arabic", "as": "assamese", "az": "azerbaijani",
    "ba": "bashkir", "be": "belarusian", "bg": "bulgarian", "bn": "bengali", "bo": "tibetan",
    "br": "breton", "bs": "bosnian", "ca": "catalan", "cs": "czech", "cy": "welsh",
    "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fo": "faroese",
    "fr": "french", "gl": "galician", "gu": "gujarati", "ha": "hausa", "haw": "hawaiian",
    "he": "hebrew", "hi": "hindi", "hr": "croatian", "ht": "haitian creole", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "is": "icelandic", "it": "italian", "ja": "japanese",
    "jw": "javanese", "ka": "georgian", "kk": "kazakh", "km": "khmer", "kn": "kannada",
    "ko": "korean", "la": "latin", "lb": "luxembourgish", "ln": "lingala", "lo": "lao",
    "lt": "lithuanian", "lv": "latvian", "mg": "malagasy", "mi": "maori", "mk": "macedonian",
    "ml": "malayalam", "mn": "mongolian", "mr": "marathi", "ms": "malay", "mt": "maltese",
    "my": "myanmar", "ne": "nepali", "nl": "dutch", "nn": "nynorsk", "no": "norwegian",
    "oc": "occitan", "pa": "punjabi", "pl": "polish", "ps": "pashto", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sa": "sanskrit", "sd": "sindhi", "si": "sinhala",
    "sk": "slovak", "sl": "slovenian", "sn": "shona", "so": "somali", "sq": "albanian",
    "sr": "serbian", "su": "sundanese", "sv": "swedish", "sw": "swahili", "ta": "tamil",
    "te": "telugu", "tg": "tajik", "th": "thai", "tk": "turkmen", "tl": "tagalog",
    "tr": "turkish", "tt": "tatar", "uk": "ukrainian", "ur": "urdu", "uz": "uzbek",
    "vi": "vietnamese", "yi": "yiddish", "yo": "yoruba", "yue": "cantonese", "zh": "chinese",
}  # fmt: skip

CODES = {
    **{name: code for code, name in LANGUAGES.items()},
    "bokmål": "no",
    "burmese": "my",
    "castilian": "es",
    "farsi": "fa",
    "filipino": "tl",
    "flemish": "nl",
    "haitian": "ht",
    "letzeburgesch": "lb",
    "mandarin": "zh",
    "mandarin chinese": "zh",
    "moldavian": "ro",
    "moldovan": "ro",
    "panjabi": "pa",
    "pushto": "ps",
    "sinhalese": "si",
    "valencian": "ca",
}
"""English name → code; the other names are those of OpenAI's Whisper, and a few more."""

SAME_LANGUAGE = {"nb": "no"}
"""Standard code → the code of the language that both mean."""

WHISPERS_CODES = {"jv": "jw", "fil": "tl"}
"""Standard code → Whisper's, where it has another."""


def language_code(text: str) -> str | None:
    """Return Whisper's code of a language: of its code, tag (``en-US``) or English name."""
    code = base_code(text)
    code = WHISPERS_CODES.get(code, code)
    return code if code in LANGUAGES else None


def base_code(text: str) -> str:
    """Return the standard short code of a language, or what was given if it is none.

    It may be given by an older or longer code, a tag of BCP 47, a POSIX locale or an English name.
    """
    from langcodes import standardize_tag  # 50 ms

    name = text.strip().lower()
    if len(name) > MAX_TAG_CHARS:
        return name
    tag = CODES.get(name, name).split(".")[0].replace("_", "-")
    for candidate in (tag, tag.split("-")[0]):
        try:
            standard = standardize_tag(candidate, macro=True).split("-")[0]
        except ValueError:  # it is no tag, or has a part that is not registered
            continue
        return SAME_LANGUAGE.get(standard, standard)
    return tag


def closest_tag(wanted: str, tags: Iterable[str]) -> str | None:
    """Return the tag of the same language, of the nearest region where there are several."""
    tag = wanted.strip().lower().replace("_", "-")
    code = base_code(tag)
    same = [own for own in tags if own == tag or base_code(own) == code]
    # Between regions that are equally near, the one where the language is spoken most.
    return min(same, key=lambda own: (_distance(tag, own), _distance(code, own)), default=None)


def _distance(wanted: str, tag: str) -> int:
    from langcodes import tag_distance

    if wanted == tag:
        return -1
    try:
        return tag_distance(CODES.get(wanted, wanted), tag)
    except ValueError:
        return MAX_DISTANCE


def language_name(code: str) -> str:
    """Return the English name, as OpenAI answers with."""
    return LANGUAGES.get(code, code)
