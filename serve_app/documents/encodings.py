"""Decodes text files in the encoding that they declare, in Unicode, or in the one detected.

A file whose encoding is not certain is refused, because a wrong one makes other words.
"""

import codecs
import re
import unicodedata

from charset_normalizer import CharsetMatch, from_bytes

from serve_app.documents.errors import invalid_file, unsupported_file

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is a prefix of it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 65_536
CONTROLS = "\t\n\r\f\x1b"
ENCODINGS = [
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
    *("cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp866", "mac_cyrillic"),
    *("cp1250", "iso8859_2", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256"),
]
"""Encodings that text files have today, beside Unicode."""
ESCAPED = {b"\x1b$B": "iso2022_jp", b"\x1b$@": "iso2022_jp", b"\x1b$)C": "iso2022_kr"}
"""Encodings of ASCII characters, by what they begin their own with."""
WESTERN = "cp1252"
OF_OTHER_ALPHABETS = "þðýÞÐÝ"
"""In the Western encoding; in the Turkish one, which differs only in these, ş, ğ and ı."""
OF_DOS = re.compile(r"[^\W\d_][‚„ˆƒ‰]")
"""What é, ä, ê, â and ë of MS-DOS (cp437, cp850) in a word are in the Western encoding, where these
signs are beside no letter."""
WIDE = frozenset({"cp932", "euc_jp", "gb18030", "big5", "cp949"})
"""Encodings of two bytes, which may have any pair of signs."""
INSIDE_WORDS = "’·\xad\xa0–—/"
MAX_CHAOS = 0.1
CHAOS_MARGIN = 0.05
COHERENCE_MARGIN = 0.05
"""By how much the best guess must be better than another, in the library's two measures."""


def decode_text(data: bytes) -> str:
    """Decode a text.

    Raises:
        DocumentError: it is not text, or its encoding is not certain.
    """
    for bom, encoding in BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace")
    for escape, encoding in ESCAPED.items():
        if escape in data[:SAMPLE_BYTES] and (text := _try(data, encoding)) is not None:
            return text
    declared = _find_declared(data)
    if declared and (text := _try(data, declared)) is not None:
        return text
    if b"\0" in data[:SAMPLE_BYTES]:
        return _decode_utf_16(data)
    text = _try(data, "utf-8")
    return _detect(data) if text is None else text


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _find_declared(data: bytes) -> str | None:
    """Return the encoding that a page or an XML document declares in its beginning."""
    from bs4.dammit import EncodingDetector

    if not data[:SAMPLE_BYTES].lstrip().startswith(b"<"):
        return None
    return EncodingDetector.find_declared_encoding(data[:SAMPLE_BYTES], is_html=True)


def _decode_utf_16(data: bytes) -> str:
    """Decode UTF-16 without a byte order mark, whose zeros are all in one half of the pairs."""
    sample = data[:SAMPLE_BYTES]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = _try(data, encoding)
    if text is None or min(even, odd) * 20 >= max(even, odd) or not _is_text(text):
        raise unsupported_file("The file is neither text nor in a format that is read here.")
    return text


def _is_text(text: str) -> bool:
    sample = text[:SAMPLE_BYTES]
    odd = sum(unicodedata.category(char) in ("Cc", "Cn", "Co") for char in sample)
    return odd - sum(sample.count(char) for char in CONTROLS) <= len(sample) // 100


def _detect(data: bytes) -> str:
    """Decode a text that is not Unicode."""
    # Plain ASCII lines are the same in all encodings.
    sample = b"\n".join(line for line in data.split(b"\n") if not line.isascii())[:SAMPLE_BYTES]
    controls = sum(byte < 32 and chr(byte) not in CONTROLS for byte in sample)
    if controls > len(sample) // 100:
        raise unsupported_file("The file is neither text nor in a format that is read here.")
    guesses = list(from_bytes(sample, cp_isolation=ENCODINGS))
    likely = [each for each in guesses if _rivals(each, guesses[0])]
    if not any(each.encoding in WIDE for each in likely):
        latin = sample.decode(WESTERN, "replace")
        if OF_DOS.search(latin) and _is_mostly_latin(latin):
            raise invalid_file("The text's encoding is not certain. Save it as UTF-8.")
    if any(each.encoding == WESTERN or WESTERN in each.could_be_from_charset for each in likely):
        text = _try(data, WESTERN)
        if text is not None and _is_western(text):
            return text
    names = [each.encoding for each in likely]
    if len(likely) == 1 and likely[0].chaos <= MAX_CHAOS:
        text = _try(data, names[0])
        if text is not None:
            return text
    between = f", it may be {' or '.join(names)}" if len(names) > 1 else ""
    raise invalid_file(f"The text's encoding is not certain{between}. Save it as UTF-8.")


def _rivals(guess: CharsetMatch, best: CharsetMatch) -> bool:
    """Return whether a guess is about as good as the best one."""
    return (
        guess.chaos <= best.chaos + CHAOS_MARGIN
        and guess.coherence >= best.coherence - COHERENCE_MARGIN
    )


def _is_mostly_latin(text: str) -> bool:
    """Return whether at least half of the letters are those of ASCII."""
    letters = [char for char in text if char.isalpha()]
    return sum(char.isascii() for char in letters) * 2 >= len(letters)


def _is_western(text: str) -> bool:
    """Return whether a text reads like a Western European one: Latin words of letters alone."""
    if not _is_mostly_latin(text[:SAMPLE_BYTES]):
        return False
    if any(char in OF_OTHER_ALPHABETS for char in text):
        return False
    # A symbol in the middle of a word is a letter of another encoding.
    return not any(
        sign > "\x7f" and before.isalpha() and after.isalpha() and sign not in INSIDE_WORDS
        for before, sign, after in zip(text, text[1:], text[2:], strict=False)
        if not sign.isalpha()
    )
