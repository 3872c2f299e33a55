# ruff: noqa: E501 (elements stay whole)
"""DOCX files with a text in each container that WordprocessingML has, and the text to read."""

from tests.support.word_files import (
    NAMESPACES,
    WHO,
    Container,
    Part,
    around,
    cell,
    complex_field,
    graphic,
    notes,
    numbered,
    numbering,
    paragraph,
    row,
    run,
    shape,
    table,
    vml,
    wml,
)

FIELD_END = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
SHOWN = "The price is not final."
NOT = run("not ")
SDT = "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>"
SECTION = (
    '<w:sectPr><w:{kind}Reference w:type="{type}" r:id="part"/><w:pgSz w:w="11906" w:h="16838"/>'
    "</w:sectPr>"
)

CONTAINERS = [
    Container("run", around(NOT), SHOWN),
    Container("insertion", around(f"<w:ins {WHO}>{NOT}</w:ins>"), SHOWN),
    Container(
        "deletion",
        around(f"<w:del {WHO}><w:r><w:delText>now </w:delText></w:r></w:del>"),
        "The price is final.",
        beside="now",
    ),
    Container(
        "insertion that is deleted",
        around(f"<w:ins {WHO}><w:del {WHO}><w:r><w:delText>now </w:delText></w:r></w:del></w:ins>"),
        "The price is final.",
        beside="now",
    ),
    Container(
        "move",
        around(f"<w:moveTo {WHO}>{NOT}</w:moveTo>")
        + paragraph(f"<w:moveFrom {WHO}>{run('gone')}</w:moveFrom>{run('y')}"),
        f"{SHOWN}\n\ny",
        beside="gone",
    ),
    Container(
        "deleted paragraph mark",
        paragraph(run("one "), f"<w:rPr><w:del {WHO}/></w:rPr>") + paragraph(run("two")),
        "one two",
    ),
    Container("hyperlink", around(f'<w:hyperlink w:anchor="x">{NOT}</w:hyperlink>'), SHOWN),
    Container(
        "smart tag", around(f'<w:smartTag w:uri="u" w:element="e">{NOT}</w:smartTag>'), SHOWN
    ),
    Container("custom XML", around(f'<w:customXml w:element="e">{NOT}</w:customXml>'), SHOWN),
    Container("content control in a paragraph", around(SDT.format(NOT)), SHOWN),
    Container("content control around blocks", SDT.format(paragraph(run(SHOWN))), SHOWN),
    Container(
        "content control around a row",
        table(
            row(paragraph(run("a")), paragraph(run("b"))),
            SDT.format(row(paragraph(run("c")), paragraph(run("d")))),
        ),
        "a\tb\nc\td",
    ),
    Container(
        "content control around a cell",
        table("<w:tr>" + SDT.format(cell("a")) + cell("b") + "</w:tr>"),
        "a\tb",
    ),
    Container("direction", around(f'<w:dir w:val="ltr">{NOT}</w:dir>'), SHOWN),
    Container("direction override", around(f'<w:bdo w:val="ltr">{NOT}</w:bdo>'), SHOWN),
    Container("simple field", around(f'<w:fldSimple w:instr="QUOTE x">{NOT}</w:fldSimple>'), SHOWN),
    Container("field", around(complex_field('HYPERLINK "https://x.example"', NOT)), SHOWN),
    Container(
        "nested field", around(complex_field("IF 1 = 1", complex_field("QUOTE x", NOT))), SHOWN
    ),
    Container(
        "text form field",
        around(
            complex_field("FORMTEXT", NOT, '<w:ffData><w:name w:val="T"/><w:textInput/></w:ffData>')
        ),
        SHOWN,
    ),
    Container(
        "list form field",
        around(
            complex_field(
                "FORMDROPDOWN",
                "",
                '<w:ffData><w:name w:val="L"/><w:ddList><w:result w:val="1"/><w:listEntry w:val="now"/>'
                '<w:listEntry w:val="not "/></w:ddList></w:ffData>',
            )
        ),
        SHOWN,
    ),
    Container(
        "tab, breaks and hyphens",
        paragraph(
            f"{run('a')}<w:r><w:tab/></w:r>{run('b')}<w:r><w:br/></w:r>{run('c')}<w:r><w:cr/></w:r>{run('d')}"
            f"<w:r><w:noBreakHyphen/></w:r>{run('e')}<w:r><w:softHyphen/></w:r>{run('f')}"
        ),
        "a\tb\nc\nd\u2011e\u00adf",
    ),
    Container(
        "page break", paragraph(f'{run("a")}<w:r><w:br w:type="page"/></w:r>{run("b")}'), "a\nb"
    ),
    Container(
        "symbols",
        paragraph(
            f'{run("a")}<w:r><w:sym w:font="Symbol" w:char="F061"/></w:r><w:r><w:sym w:font="Arial" w:char="2192"/></w:r>{run("b")}'
        ),
        "aα→b",
        beside="a\uf061",
    ),
    Container(
        "ruby",
        paragraph(
            '<w:r><w:ruby><w:rubyPr><w:rubyAlign w:val="center"/></w:rubyPr><w:rt><w:r><w:t>かん</w:t></w:r></w:rt><w:rubyBase>'
            "<w:r><w:t>漢</w:t></w:r></w:rubyBase></w:ruby></w:r>"
        ),
        "漢(かん)",
    ),
    Container(
        "formula",
        paragraph(
            f"{run('so ')}<m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath>"
        ),
        "so a/b",
    ),
    Container(
        "formula paragraph",
        paragraph(
            "<m:oMathPara><m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></m:oMathPara>"
        ),
        "x^2",
    ),
    Container(
        "nested table",
        table(
            row(
                paragraph(run("a")), table(row(paragraph(run("b")), paragraph(run("c")))) + "<w:p/>"
            )
        ),
        "a\tb\tc",
    ),
    Container(
        "merged cells",
        table(
            f'<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{paragraph(run("wide"))}</w:tc></w:tr>',
            row(paragraph(run("a")), paragraph(run("b"))),
        ),
        "wide\na\tb",
    ),
    Container(
        "drawn text box",
        paragraph(
            f"{run('before ')}<w:r><w:drawing>{shape(paragraph(run('boxed')))}</w:drawing></w:r>{run('after')}"
        ),
        "before after\n\nboxed",
    ),
    Container(
        "text box of VML",
        paragraph(f"{run('before ')}<w:r>{vml(paragraph(run('boxed')))}</w:r>{run('after')}"),
        "before after\n\nboxed",
    ),
    Container(
        "text box in two forms",
        paragraph(
            f'{run("before ")}<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>{shape(paragraph(run("boxed")))}</w:drawing>'
            f"</mc:Choice><mc:Fallback>{vml(paragraph(run('boxed')))}</mc:Fallback></mc:AlternateContent></w:r>{run('after')}"
        ),
        "before after\n\nboxed",
    ),
    Container(
        "footnote",
        paragraph(f'{run("fact")}<w:r><w:footnoteReference w:id="2"/></w:r>{run(" more")}'),
        "fact[1] more\n\n[1] the note",
        {"part.xml": notes("footnotes", "the note")},
    ),
    Container(
        "endnote",
        paragraph(f'{run("fact")}<w:r><w:endnoteReference w:id="2"/></w:r>{run(" more")}'),
        "fact[1] more\n\n[1] the note",
        {"part.xml": notes("endnotes", "the note")},
        beside="facti",
    ),
    Container(
        "comment",
        paragraph(
            f'<w:commentRangeStart w:id="2"/>{run("fact")}<w:commentRangeEnd w:id="2"/><w:r><w:commentReference w:id="2"/></w:r>'
        ),
        "fact",
        {
            "part.xml": wml(
                "comments",
                "comments",
                f"<w:comment {WHO.replace('9', '2', 1)}>{paragraph(run('remark'))}</w:comment>",
            )
        },
    ),
    *(
        Container(
            f"{type_} {kind}",
            paragraph(run("body")) + SECTION.format(kind=kind, type=type_),
            "at the edge\n\nbody" if kind == "header" else "body\n\nat the edge",
            {
                "part.xml": wml(
                    kind, "hdr" if kind == "header" else "ftr", paragraph(run("at the edge"))
                )
            },
        )
        for kind in ("header", "footer")
        for type_ in ("default", "first", "even")
    ),
    Container(
        "numbering",
        numbered("one")
        + numbered("deeper", 1)
        + numbered("deep", 1)
        + numbered("two")
        + numbered("again", 1)
        + numbered("other", 0, 2),
        "1. one\n\n1.a) deeper\n\n1.b) deep\n\n2. two\n\n2.a) again\n\n5. other",
        {"part.xml": numbering(("decimal", "%1."), ("lowerLetter", "%1.%2)"))},
    ),
    Container(
        "bullets",
        numbered("one") + numbered("two"),
        "• one\n\n• two",
        {"part.xml": numbering(("bullet", "\uf0b7"))},
    ),
    Container(
        "altered chunk of HTML",
        paragraph(run("before")) + '<w:altChunk r:id="part"/>' + paragraph(run("after")),
        "before\n\nchunk of a page\n\nafter",
        {
            "part.html": Part(
                "aFChunk", "text/html", "<html><body><p>chunk of a page</p></body></html>"
            )
        },
    ),
    Container(
        "numbers of a style",
        paragraph(run("one"), '<w:pStyle w:val="Clause"/>')
        + paragraph(run("two"), '<w:pStyle w:val="Sub"/>'),
        "(i) one\n\n(ii) two",
        {
            "part.xml": numbering(("lowerRoman", "(%1)")),
            "styles.xml": wml(
                "styles",
                "styles",
                '<w:style w:type="paragraph" w:styleId="Clause"><w:name w:val="Clause"/><w:pPr><w:numPr><w:numId w:val="1"/>'
                '</w:numPr></w:pPr></w:style><w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="Sub"/><w:basedOn '
                'w:val="Clause"/></w:style>',
            ),
        },
    ),
    Container(
        "field over several paragraphs",
        paragraph(complex_field("TOC", run("Contents")).removesuffix(FIELD_END))
        + paragraph(f"{run('more')}{FIELD_END}{run(' after')}"),
        "Contents\n\nmore after",
    ),
    Container(
        "box form field",
        paragraph(
            complex_field(
                "FORMCHECKBOX",
                "",
                '<w:ffData><w:name w:val="C"/><w:checkBox><w:checked/></w:checkBox></w:ffData>',
            )
            + run(" agreed")
        ),
        "☒ agreed",
    ),
    Container(
        "text box in a table",
        table(
            row(
                paragraph(f"{run('a')}<w:r>{vml(paragraph(run('boxed')))}</w:r>"),
                paragraph(run("b")),
            )
        ),
        "a\nboxed\tb",
    ),
    Container(
        "table in a text box",
        paragraph(
            run("a")
            + f"<w:r>{vml(table(row(paragraph(run('b')), paragraph(run('c')))) + '<w:p/>')}</w:r>"
        ),
        "a\n\nb\tc",
    ),
    Container(
        "deleted row",
        table(
            row(paragraph(run("a")), paragraph(run("b"))),
            f"<w:tr><w:trPr><w:del {WHO}/></w:trPr>"
            f"<w:tc>{paragraph(f'<w:del {WHO}><w:r><w:delText>gone</w:delText></w:r></w:del>')}</w:tc></w:tr>",
        ),
        "a\tb",
        beside="gone",
    ),
    Container(
        "art text",
        paragraph(
            f'{run("a")}<w:r><w:pict><v:shape id="s1" style="width:9pt;height:9pt"><v:textpath string="arty"/></v:shape></w:pict></w:r>'
        ),
        "a\n\narty",
    ),
    Container(
        "described picture",
        paragraph(
            f'{run("a")}<w:r><w:drawing><wp:inline><wp:docPr id="1" name="P" descr="A red house"/></wp:inline></w:drawing></w:r>'
        ),
        "a\n\nA red house",
    ),
    Container(
        "chart",
        paragraph(run("a") + graphic("chart", '<c:chart r:id="part"/>')),
        "a\n\nSales\nNorth\n7",
        {
            "part.xml": Part(
                "chart",
                "application/vnd.openxmlformats-officedocument.drawingml.chart+xml",
                f"<c:chartSpace {NAMESPACES}><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx>"
                '</c:title><c:plotArea><c:barChart><c:ser><c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>North</c:v></c:pt>'
                '</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache><c:pt idx="0"><c:v>7</c:v></c:pt></c:numCache>'
                "</c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>",
            )
        },
        opens_elsewhere=False,
    ),
    Container(
        "diagram",
        paragraph(run("a") + graphic("diagram", '<dgm:relIds r:dm="part"/>')),
        "a\n\nFirst step",
        {
            "part.xml": Part(
                "diagramData",
                "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml",
                f'<dgm:dataModel {NAMESPACES}><dgm:ptLst><dgm:pt modelId="1"><dgm:t><a:p><a:r><a:t>First step</a:t></a:r></a:p>'
                "</dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>",
            )
        },
    ),
    Container(
        "embedded object",
        paragraph(
            f'{run("a")}<w:r><w:object><o:OLEObject Type="Embed" ProgID="Excel.Sheet.12" r:id="none"/></w:object></w:r>'
        ),
        "a\n\n[An embedded object is not read: Excel.Sheet.12]",
    ),
    Container(
        "altered chunk of text",
        '<w:altChunk r:id="part"/>' + paragraph(run("after")),
        "plain chunk\n\nafter",
        {"part.txt": Part("aFChunk", "text/plain", "plain chunk")},
    ),
    Container(
        "altered chunk in another format",
        '<w:altChunk r:id="part"/>' + paragraph(run("after")),
        "[An inserted file is not read: part.rtf]\n\nafter",
        {"part.rtf": Part("aFChunk", "application/rtf", "{\\rtf1 x}")},
    ),
    Container("unknown container", around(f'<x:new xmlns:x="urn:x">{NOT}</x:new>'), SHOWN),
    Container("hidden text", paragraph(run("seen") + run("hidden", "<w:vanish/>")), "seenhidden"),
    Container("capitals", paragraph(run("caps", "<w:caps/>")), "caps"),
]
