from itertools import combinations

import pytest

from serve_app.assistants.citations import MAX_MARK_CHARS, CitedText, Source

SOURCES = (
    Source(0, "file-a", "a.txt", "The harbour of Kiel opened in spring beside seventeen cranes."),
    Source(12, "file-b", "b †.md", "Rain fell on Lisbon for forty days without any pause."),
)
TEXT = "Öne 【0†a.txt】 and【12†b †.md】【12:3†source】, not 【7†c】 nor 【 or 【0】. 【0†"
MARKS = ["【0†a.txt】", "【12†b †.md】", "【12:3†source】"]


def read_pieces(*pieces: str, files: dict[str, str] | None = None) -> CitedText:
    """Return a text of these pieces; what is told must come to the same."""
    text = CitedText(SOURCES, files or {})
    told = [each for piece in pieces for each in text.add(piece)] + text.finish()
    assert "".join(part for part, _ in told) == text.value
    assert [each for _, found in told for each in found] == text.annotations
    for each in text.annotations:
        assert text.value[each["start_index"] : each["end_index"]] == each["text"]
    return text


@pytest.fixture
def whole() -> CitedText:
    return read_pieces(TEXT)


def test_marks_of_known_passages_are_citations(whole: CitedText) -> None:
    assert whole.value == TEXT
    assert [each["text"] for each in whole.annotations] == MARKS
    assert [each["file_citation"]["file_id"] for each in whole.annotations] == [
        *("file-a", "file-b", "file-b")
    ]


def test_marks_are_found_however_the_text_is_cut(whole: CitedText) -> None:
    for first, second in combinations(range(len(TEXT) + 1), 2):
        text = read_pieces(TEXT[:first], TEXT[first:second], TEXT[second:])

        assert (text.value, text.annotations) == (whole.value, whole.annotations)
    assert read_pieces(*TEXT).annotations == whole.annotations


def test_beginning_of_a_mark_is_kept_back_until_it_is_one() -> None:
    text = CitedText(SOURCES, {})

    assert text.add("See 【0†a") == [("See ", [])]
    assert text.add(".txt") == []
    ((mark, (annotation,)), (rest, _)) = text.add("】!")
    assert (mark, rest) == ("【0†a.txt】", "!")
    assert (annotation["start_index"], annotation["end_index"]) == (4, 13)


def test_what_does_not_end_is_no_mark() -> None:
    text = CitedText(SOURCES, {})

    told = text.add("【0†" + "x" * MAX_MARK_CHARS)

    assert "".join(part for part, _ in told) == "【0†" + "x" * MAX_MARK_CHARS
    assert text.annotations == []


def test_text_without_sources_is_told_as_it_comes() -> None:
    text = CitedText((), {})

    assert text.add("【0†a") == [("【0†a", [])]
    assert text.add("") == []
    assert text.finish() == []


def test_passages_whose_words_are_repeated_are_named_where_no_mark_is() -> None:
    text = read_pieces("The harbour of Kiel opened in spring.")

    assert text.value == "The harbour of Kiel opened in spring. 【0†a.txt】"
    (annotation,) = text.annotations
    assert annotation["text"] == "【0†a.txt】"
    assert annotation["file_citation"] == {"file_id": "file-a"}


@pytest.mark.parametrize(
    "said", ["", "I do not know.", "17!", "Lisbon is a city on a river far away"]
)
def test_passages_that_an_answer_does_not_rest_on_are_not_named(said: str) -> None:
    assert read_pieces(said).annotations == []


def test_file_name_cannot_break_its_mark() -> None:
    source = Source(1, "file-x", "a】【9†\n" + "x" * 500, "text")
    text = CitedText([source], {})

    text.add(f"So {source.mark}.")

    assert [each["file_citation"]["file_id"] for each in text.annotations] == ["file-x"]
    assert text.value == f"So {source.mark}."


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("[x](sandbox:/mnt/data/x.csv)", ["x.csv"]),
        ("It is sandbox:/mnt/data/x.csv.", ["x.csv"]),
        ("sandbox:/mnt/data/x.csv and sandbox:/mnt/data/x.csv", ["x.csv", "x.csv"]),
        ("sandbox:/mnt/data/x.csv.gz", ["x.csv.gz"]),
        ("sandbox:/mnt/data/a b.txt", ["a b.txt"]),
        ("sandbox:/mnt/data/x.csvs /mnt/data/x.csv sandbox:/mnt/data/y.csv", []),
    ],
)
def test_files_of_programs_are_linked_where_they_are_named(said: str, found: list[str]) -> None:
    files = {"x.csv": "file-1", "x.csv.gz": "file-2", "a b.txt": "file-3"}

    text = read_pieces(*said, files=files)

    assert text.value == said
    assert [each["file_path"]["file_id"] for each in text.annotations] == [
        files[name] for name in found
    ]
    assert [each["text"] for each in text.annotations] == [
        f"sandbox:/mnt/data/{name}" for name in found
    ]
