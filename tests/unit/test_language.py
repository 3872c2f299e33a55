"""The documentation is short, and code and documentation use plain technical English."""

import ast
import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PAGES = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "bench" / "findings.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "embedded").glob("*/README.md")),
]
CONFIGURATIONS = [ROOT / "Makefile", ROOT / "cluster.yaml", *sorted((ROOT / "configs").iterdir())]
PRODUCT = ("wire", "event_loop", "workers", "serve_app", "deployments", "operate")
PACKAGES = (*PRODUCT, "bench", "embedded", "tests")
NAMED_BY_VERBS = [
    path
    for package in PACKAGES[: PACKAGES.index("tests")]
    for path in sorted((ROOT / package).rglob("*.py"))
]
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

MAX_PARAGRAPH_LINES, MAX_PARAGRAPH_CHARS = 5, 600

NOT_ENGLISH = re.compile(r"\b(belongs? into|an URL|unasked|by chance)\b", re.IGNORECASE)
COINED = re.compile(
    r"\b(patience|own_requests|answer_forms|RunBook|Asking|is_behind|together(?=\())\b"
)
IRREGULAR_PARTICIPLES = (
    "begun|bound|broken|brought|built|caught|chosen|done|drawn|driven|fed|forgotten|found|frozen|given|"
    "gone|grown|heard|held|hidden|kept|known|led|left|lost|made|meant|met|paid|said|seen|sent|shaken|"
    "shown|slept|sold|spent|spoken|stolen|taken|taught|thought|told|torn|understood|won|worn|written"
)
PARTICIPLE = re.compile(rf"(?:not_)?(?:[a-z]+ed|{IRREGULAR_PARTICIPLES})(?:_\w+)?")
NOT_PARTICIPLES = re.compile(r"(?:embed|exceed|feed|need|proceed|seed|speed)(?:_\w+)?")
NOUN_PHRASES = frozenset(
    {
        "allowed_methods",
        "done_event",
        "left_recursion",
        "lost_error",
        "not_found",
        "not_found_error",
        "redacted_thinking",
        "shared_errors",
        "stored_page",
        "structured_outputs",
        "supported_languages",
        "undeclared_operation",
        "unsupported",
        "unsupported_file",
    }
)
"""Names of what a function returns: an error, an event, a schema or a list."""
PROGRAM = (
    "server|ingress|replicas?|engines?|models?|controller|clients?|router|handle|library|vLLM|Ray|"
    "Serve|xgrammar|HAProxy|Homeport|database|registry|module|test|route|middleware|tokenizer|kernel|"
    "process(?:es)?|workers?|it|they"
)
PERSON = r"tells?|told|says?|said|asks?|asked|knows?|knew|hears?|heard"
AS_A_PERSON = re.compile(rf"\b(?:{PROGRAM}) (?:is |are |was |were )?(?:{PERSON})\b", re.IGNORECASE)
PATTERNS = (NOT_ENGLISH, COINED, AS_A_PERSON)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs and list items of a page, without code, tables and headings."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"\A---\n.*?^---$", "", prose, flags=re.MULTILINE | re.DOTALL)
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", prose)
    return [block.strip() for block in blocks if not re.match(r"\s*(\||#|<!--)", block)]


def test_pages_have_their_length() -> None:
    assert len(README.read_text().splitlines()) < 200
    assert len(ARCHITECTURE.read_text().splitlines()) <= 200


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_paragraphs_of_a_page_are_short(page: Path) -> None:
    for paragraph in paragraphs(page.read_text()):
        assert len(paragraph.splitlines()) <= MAX_PARAGRAPH_LINES, paragraph
        assert len(paragraph) <= MAX_PARAGRAPH_CHARS, paragraph


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link, anchor in re.findall(r"\]\((?!http)([^)#\s]*)(?:#([^)]+))?\)", page.read_text()):
        target = page.parent / link if link else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            anchors = {
                re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings
            }
            assert anchor in anchors, (link, anchor)


@pytest.mark.parametrize(
    "path", [*PAGES, *CONFIGURATIONS], ids=lambda path: str(path.relative_to(ROOT))
)
def test_text_is_plain_english(path: Path) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"^\s*# ?", "", path.read_text(), flags=re.MULTILINE))

    assert not [found[0] for pattern in PATTERNS for found in pattern.finditer(text)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_has_no_coined_names(path: Path) -> None:
    text = "" if path == Path(__file__) else re.sub(r"\s*\n\s*(# )?", " ", path.read_text())

    assert not NOT_ENGLISH.findall(text) + COINED.findall(text)


@pytest.mark.parametrize("path", NAMED_BY_VERBS, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_are_named_by_verbs(path: Path) -> None:
    names = {
        node.name.strip("_")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert not [
        name
        for name in sorted(names - NOUN_PHRASES)
        if PARTICIPLE.fullmatch(name) and not NOT_PARTICIPLES.fullmatch(name)
    ]


@pytest.mark.parametrize("path", NAMED_BY_VERBS, ids=lambda path: str(path.relative_to(ROOT)))
def test_comments_describe_programs_as_programs(path: Path) -> None:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    comments = [
        re.sub(r"\s+", " ", token.string)
        for token in tokens
        if token.type == tokenize.COMMENT or token.string.startswith(('"""', 'r"""'))
    ]

    assert not [found[0] for text in comments for found in AS_A_PERSON.finditer(text)]


def test_tree_of_the_readme_is_complete_by_folder() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    folders = {
        part
        for path in listed.stdout.splitlines()
        if path.split("/")[0] in {*PRODUCT, "configs", "embedded", "bench", "tests", "docs"}
        for part in path.split("/")[: 2 if path.split("/")[0] in PRODUCT else 1]
        if "." not in part
    }
    tree = README.read_text().partition("## The tree")[2].partition("\n## ")[0]

    assert not [folder for folder in sorted(folders) if not re.search(rf"\b{folder}/", tree)]
