"""Characters of symbol fonts, which documents store in Unicode's private area."""

BEGIN, END = 0xF020, 0xF0FF
SYMBOL = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾"
    + "αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
    + "\ufffd" * 33
    + "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑"
)
"""Of the font Symbol, from ``BEGIN`` on; what follows are parts of large brackets."""
WINGDINGS = {
    0x4A: "☺",
    0x4C: "☹",
    0x6C: "●",
    0x6E: "■",
    0x6F: "□",
    0x71: "❑",
    0x75: "◆",
    0x76: "❖",
    0x9F: "•",
    0xA7: "▪",
    0xA8: "◻",
    0xB7: "•",
    0xD8: "➢",
    0xDF: "←",
    0xE0: "→",
    0xE1: "↑",
    0xE2: "↓",
    0xE8: "➔",
    0xF0: "⇨",
    0xFB: "✗",
    0xFC: "✓",
    0xFD: "☒",
    0xFE: "☑",
}


def decode_symbols(text: str, font: str | None) -> str:
    """Return a text in a symbol font in Unicode; what is unknown stays as it is."""
    if all(not BEGIN <= ord(char) <= END for char in text):
        return text
    return "".join(_decode(char, font or "") for char in text)


def _decode(char: str, font: str) -> str:
    place = ord(char) - BEGIN
    if not 0 <= place <= END - BEGIN:
        return char
    if font.startswith("Wingdings"):
        return WINGDINGS.get(place + 0x20, char)
    if font == "Symbol" and place < len(SYMBOL) and SYMBOL[place] != "\ufffd":
        return SYMBOL[place]
    return char
