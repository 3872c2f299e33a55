# ruff: noqa: E501 (operators stay whole)
"""PDF files with a text in each kind of font and encoding, and in each direction and layout."""

from tests.support.pdf_files import (
    FIRST,
    SHOWN,
    Container,
    composite_font,
    deflate,
    differing_font,
    identity_font,
    lines,
    show,
    stream,
    to_unicode,
    utf16,
)

CHAIN = f"1 beginbfrange <0001> <0003> {utf16('A')} endbfrange"
FONTS = [
    Container("WinAnsi", show("(\\200 5 \\226 caf\\351) Tj"), "€ 5 – café"),
    Container(
        "MacRoman",
        show("(caf\\216 \\320) Tj"),
        "café –",
        font="<< /Type /Font /Subtype /TrueType /BaseFont /Arial /Encoding /MacRomanEncoding >>",
    ),
    Container(
        "Standard",
        show("(\\256nal \\341) Tj"),
        "final Æ",
        font="<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ),
    Container(
        "Symbol",
        show("(abp) Tj"),
        "αβπ",
        font="<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>",
    ),
    Container(
        "ZapfDingbats",
        show("(4) Tj"),
        "✔",
        font="<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>",
    ),
    Container(
        "names of characters",
        show("(\\001\\002 \\003) Tj"),
        "Łó €",
        font=differing_font("1 /Lslash /oacute /Euro"),
    ),
    Container(
        "names of characters in TrueType",
        show("(\\001\\002) Tj"),
        "Łó",
        font=differing_font("1 /Lslash /oacute", "TrueType"),
    ),
    Container(
        "names by code points",
        show("(\\001\\002\\003) Tj"),
        "Жя😀",
        font=differing_font("1 /uni0416 /uni044F /u1F600"),
    ),
    Container(
        "Cyrillic names",
        show("(\\001\\002\\003) Tj"),
        "Мир",
        font=differing_font("1 /afii10030 /afii10074 /afii10082"),
    ),
    Container(
        "ligatures by name",
        show("(\\001nal \\002ow o\\003ce) Tj"),
        "final flow office",
        font=differing_font("1 /fi /fl /ffi"),
    ),
    Container(
        "ligatures by parts",
        show("(\\001nal o\\002ce) Tj"),
        "\ufffdnal o\ufffdce",
        font=differing_font("1 /f_i /f_f_i"),
        beside="final office",
    ),
    Container(
        "Type 3",
        show("(ab) Tj"),
        "ab",
        beside="no",
        font=f"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 97 /LastChar 98 /Widths [600 600] /Encoding << /Type /Encoding /Differences [97 /n /o] >> /CharProcs << /n {FIRST} 0 R /o {FIRST} 0 R >> >>",
        objects={FIRST: stream("600 0 d0 0 0 500 500 re f")},
    ),
    Container(
        "Type 3 with a map",
        show("(ab) Tj"),
        "no",
        font=f"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 97 /LastChar 98 /Widths [600 600] /Encoding << /Type /Encoding /Differences [97 /g1 /g2] >> /CharProcs << /g1 {FIRST} 0 R /g2 {FIRST} 0 R >> /ToUnicode {FIRST + 1} 0 R >>",
        objects={
            FIRST: stream("600 0 d0 0 0 500 500 re f"),
            FIRST + 1: to_unicode("2 beginbfchar <61> <006e> <62> <006f> endbfchar").replace(
                b"<0000> <ffff>", b"<00> <ff>"
            ),
        },
    ),
    Container(
        "map of characters",
        show("<00010002> Tj"),
        "Жя",
        font=identity_font(),
        objects={
            FIRST: to_unicode(f"2 beginbfchar <0001> {utf16('Ж')} <0002> {utf16('я')} endbfchar")
        },
    ),
    Container(
        "map of a range",
        show("<000100020003> Tj"),
        "ABC",
        font=identity_font(),
        objects={FIRST: to_unicode(CHAIN)},
    ),
    Container(
        "map of a range in a list",
        show("<00010002> Tj"),
        "xy",
        font=identity_font(),
        objects={
            FIRST: to_unicode(
                f"1 beginbfrange <0001> <0002> [{utf16('x')} {utf16('y')}] endbfrange"
            )
        },
    ),
    Container(
        "map to several characters",
        show("<000100020003> Tj"),
        "office",
        font=identity_font(),
        objects={
            FIRST: to_unicode(
                f"3 beginbfchar <0001> {utf16('o')} <0002> {utf16('ffi')} <0003> {utf16('ce')} endbfchar"
            )
        },
    ),
    Container(
        "map beyond 16 bits",
        show("<00010001> Tj"),
        "😀😀",
        font=identity_font(),
        objects={FIRST: to_unicode(f"1 beginbfchar <0001> {utf16('😀')} endbfchar")},
    ),
    Container(
        "compressed map",
        show("<00010001> Tj"),
        "ЖЖ",
        font=identity_font(),
        objects={
            FIRST: deflate(
                f"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfchar <0001> {utf16('Ж')} endbfchar endcmap"
            )
        },
    ),
    Container(
        "Unicode map of Japanese",
        show(f"{utf16('価格は最終')} Tj"),
        "価格は最終",
        font=composite_font("UniJIS-UTF16-H", "Japan1"),
    ),
    Container(
        "Shift JIS",
        show(f"<{'価格は'.encode('shift_jis').hex()}> Tj"),
        "価格は",
        font=composite_font("90ms-RKSJ-H", "Japan1"),
    ),
    Container(
        "EUC of China",
        show(f"<{'价格'.encode('gb2312').hex()}> Tj"),
        "价格",
        font=composite_font("GBK-EUC-H", "GB1"),
    ),
    Container(
        "Big5",
        show(f"<{'價格'.encode('big5').hex()}> Tj"),
        "價格",
        font=composite_font("ETen-B5-H", "CNS1"),
    ),
    Container(
        "Korean",
        show(f"<{'가격'.encode('cp949').hex()}> Tj"),
        "가격",
        font=composite_font("KSCms-UHC-H", "Korea1"),
    ),
    Container(
        "numbers of a Japanese collection",
        show("<03520353> Tj"),
        "ぉお",
        font=composite_font("Identity-H", "Japan1"),
    ),
    # Directions and layout.
    Container(
        "Hebrew",
        show(f"{utf16('םולש')} Tj"),
        "שלום",
        font=identity_font(),
        objects={FIRST: to_unicode(f"1 beginbfrange <05d0> <05ea> {utf16('א')} endbfrange")},
    ),
    Container(
        "Arabic",
        show(f"{utf16('مالس')} Tj"),
        "سلام",
        font=identity_font(),
        objects={FIRST: to_unicode(f"1 beginbfrange <0620> <064a> {utf16(chr(0x620))} endbfrange")},
    ),
    Container(
        "vertical",
        show("<0041004200430044> Tj"),
        "ABCD",
        font=identity_font("V"),
        objects={FIRST: to_unicode(f"1 beginbfrange <0041> <0044> {utf16('A')} endbfrange")},
    ),
    Container("turned page", lines("One", "two"), "One\ntwo", page="/Rotate 90"),
    Container("turned text", f"BT /F1 12 Tf 0 1 -1 0 300 100 Tm ({SHOWN}) Tj ET", SHOWN),
    Container(
        "turned text on a turned page",
        "BT /F1 12 Tf 0 1 -1 0 300 100 Tm (One) Tj 0 -14 Td (two) Tj ET",
        "One\ntwo",
        page="/Rotate 90",
    ),
    Container("upside down", f"BT /F1 12 Tf -1 0 0 -1 400 300 Tm ({SHOWN}) Tj ET", SHOWN),
    Container(
        "mirrored axis", f"1 0 0 -1 0 792 cm BT /F1 12 Tf 1 0 0 -1 72 92 Tm ({SHOWN}) Tj ET", SHOWN
    ),
    Container(
        "lines in the order of the file", lines("One", y=600) + lines("two", y=650), "One\ntwo"
    ),
    Container(
        "columns",
        lines("Left one is", "left two is", "left three")
        + lines("Right one is", "right two is", "right three", x=320),
        "Left one is\nleft two is\nleft three\nRight one is\nright two is\nright three",
    ),
    Container(
        "columns line by line",
        "".join(
            lines(f"Left {n} is", y=y) + lines(f"Right {n} is", x=320, y=y)
            for n, y in (("one", 700), ("two", 686), ("three", 672))
        ),
        "Left one is Right one is\nLeft two is Right two is\nLeft three is Right three is",
    ),
    Container(
        "table",
        "".join(
            lines(a, y=y) + lines(b, x=160, y=y)
            for a, b, y in (("Name", "Price", 700), ("Pen", "3", 686))
        ),
        "Name Price\nPen\n3",
    ),
    Container(
        "hyphen at a line's end", lines("The agree-", "ment is final."), "The agreement is final."
    ),
    Container(
        "soft hyphen at a line's end",
        lines("The agree\\255", "ment is final."),
        "The agreement is final.",
    ),
    Container("hyphen in a number", lines("In 2020-", "2021"), "In 2020-\n2021"),
    Container("leading dots", show("(Contents ........ 7) Tj"), "Contents ........ 7"),
]
