"""What a model that obeys writes meets the client's schema, for schemas with every keyword."""

import json
import random
from collections import Counter
from itertools import product
from typing import Any

import jsonschema_rs
import pytest

from tests.support.json_schemas import Author
from tests.support.obeying import Obeying
from wire.json_schema.compiler import compile_schema
from wire.json_schema.formats import FORMATS
from wire.json_schema.keywords import KEYWORDS, SchemaError

NUM_SCHEMAS = 2000
PER_TEST = 250
ANSWERS = 3


@pytest.fixture(scope="module")
def obeying() -> Obeying:
    return Obeying()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("first", range(0, NUM_SCHEMAS, PER_TEST))
def test_answers_meet_every_schema_that_is_accepted(obeying: Obeying, first: int) -> None:
    fates: Counter[str] = Counter()
    for seed in range(first, first + PER_TEST):
        schema = Author(seed).schema()
        try:
            written = compile_schema(schema)
        except SchemaError as error:
            fates["refused"] += 1
            assert_path_is_in(schema, error)
            continue
        fates["accepted"] += 1
        check_answers(obeying, schema, written, seed)

    assert fates["accepted"] > PER_TEST / 3
    assert fates["refused"] > PER_TEST / 10


def check_answers(obeying: Obeying, schema: Any, written: Any, seed: int) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    grammar = obeying.compile(written)
    dice = random.Random(seed)
    for _ in range(ANSWERS):
        answer = obeying.write(grammar, dice)
        if answer is None:
            continue  # it has no end within the limit
        value = json.loads(answer, strict=False, parse_float=read_float)
        problems = [each.message for each in validator.iter_errors(value)]
        assert problems == [], (schema, answer)


def read_float(text: str) -> float:
    """Return a number that has one in Python."""
    return max(min(float(text), 1e308), -1e308)


def assert_path_is_in(schema: Any, error: SchemaError) -> None:
    """Check that an error names a keyword or a schema that the document has."""
    place = schema
    for part in error.path:
        place = place[part]
    assert error.reason


def test_every_keyword_is_among_the_schemas() -> None:
    found: set[str] = set()

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            found.update(part)
        for each in part.values() if isinstance(part, dict) else part:
            if isinstance(each, dict | list):
                walk(each)

    for seed in range(NUM_SCHEMAS):
        walk([Author(seed).schema()])
    stated = {name for name, (_, fate, _) in KEYWORDS.items() if fate in ("enforced", "limited")}

    apart = {"$anchor", "$id", "nullable", "additionalItems"}  # by tests of their own
    assert stated - found == apart


TEXTS = ["".join(each) for length in range(5) for each in product("ab.1", repeat=length)]


@pytest.mark.parametrize("seed", range(60))
def test_random_pattern_allows_the_same_texts(obeying: Obeying, seed: int) -> None:
    pattern = write_pattern_at_random(random.Random(seed))
    schema = {"type": "string", "pattern": pattern}

    grammar = obeying.compile(compile_schema(schema))

    meaning = jsonschema_rs.Draft202012Validator(schema)
    wrong = [text for text in TEXTS if obeying.allows(grammar, text) != meaning.is_valid(text)]
    assert wrong == [], pattern


def write_pattern_at_random(dice: random.Random) -> str:
    def part(depth: int) -> str:
        match dice.choice("ccssor" if depth else "c"):
            case "c":
                return dice.choice(["a", "b", "[ab]", "[^a]", ".", r"\.", "ab", r"\d"])
            case "s":
                return "".join(part(depth - 1) for _ in range(dice.randint(1, 3)))
            case "o":
                return f"(?:{'|'.join(part(depth - 1) for _ in range(dice.randint(1, 3)))})"
            case _:
                signs = ["?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}", "{0,1}"]
                return f"(?:{part(depth - 1)}){dice.choice(signs)}"

    begin, end = dice.choice(["^", ""]), dice.choice(["$", ""])
    return f"{begin}(?:{part(3)}){end}"


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "uri-template"])
def test_texts_of_a_format_have_it(obeying: Obeying, name: str) -> None:
    schema = {"type": "string", "format": name, "maxLength": 400}
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    grammar = obeying.compile(compile_schema({"type": "string", "format": name}))
    dice = random.Random(1)

    for _ in range(30):
        answer = obeying.write(grammar, dice)
        assert answer is None or validator.is_valid(json.loads(answer)), answer


def test_addresses_of_pydantic_are_enforced() -> None:
    compile_schema({"type": "string", "format": "uri", "minLength": 1, "maxLength": 2083})
    compile_schema({"type": "string", "format": "email", "maxLength": 254})
