"""Whisper's languages: their ISO 639 codes, and the names in OpenAI's answers."""

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

CODES = {name: code for code, name in LANGUAGES.items()}

WHISPERS_CODES = {"jv": "jw", "fil": "tl", "nb": "no"}
"""Standard codes → Whisper's, where it has another."""


def language_code(text: str) -> str | None:
    """Return the code of a language: of its code, ISO 639-3, locale (``en-US``) or English name."""
    known = text.strip().lower()
    code = CODES.get(known, known.replace("_", "-").split("-")[0])
    if code not in LANGUAGES:
        code = _standard_code(code)
    return code if code in LANGUAGES else None


def _standard_code(code: str) -> str:
    """Return Whisper's code for a longer or older one."""
    from langcodes import standardize_tag  # 50 ms, and most codes need none

    try:
        standard = standardize_tag(code, macro=True)
    except ValueError:  # it is no code
        return code
    return WHISPERS_CODES.get(standard, standard)


def language_name(code: str) -> str:
    """Return the English name, as OpenAI answers with."""
    return LANGUAGES.get(code, code)
