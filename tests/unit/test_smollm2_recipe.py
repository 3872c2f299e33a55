"""What the recipe of SmolLM2's adapter promises of its samples, whatever it draws."""

import json
import re
from pathlib import Path
from random import Random

import jinja2
import pytest

from embedded.chat.recipe.sample import Sample, Split
from embedded.smollm2.recipe import cited, turns
from embedded.smollm2.recipe.articles import BLOCKS
from embedded.smollm2.recipe.mixture import SEVERAL_TURNS, SKILLS, Skill, draw_held_out
from embedded.smollm2.recipe.own_answers import OwnAnswer
from embedded.smollm2.recipe.questions import questions
from serve_app.assistants.citations import MARK

CARD = Path(__file__).parents[2] / "embedded" / "smollm2"
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list}


@pytest.fixture(autouse=True)
def own_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The questions with answers that are no model's."""

    def answers(split: Split) -> list[OwnAnswer]:
        return [OwnAnswer(question, "It is so. " * 30, whole=True) for question in questions(split)]

    for module in (cited, turns):
        monkeypatch.setattr(module, "own_answers", answers)


def reading_of(sample: Sample) -> str:
    """What the model reads, to compare it by."""
    return json.dumps([sample.messages[:-1], sample.tools])


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_held_out_questions_are_the_same_again_and_in_no_training(skill: Skill) -> None:
    first = draw_held_out(skill, 60)

    rng = Random(1)
    trained = {reading_of(skill.generate(rng, Split.TRAIN)) for _ in range(300)}
    assert first == draw_held_out(skill, 60)
    assert not trained & {reading_of(sample) for sample in first}


def test_both_sides_have_questions_and_articles() -> None:
    trained, held = (set(questions(split)) for split in Split)

    assert not trained & held
    assert len(trained) + len(held) == 383
    assert len(BLOCKS) == 22


@pytest.mark.parametrize("skill", [*SKILLS[:3], SEVERAL_TURNS], ids=lambda skill: skill.name)
def test_calls_fit_the_tools_that_are_offered(skill: Skill) -> None:
    rng = Random(2)
    for _ in range(200):
        sample = skill.generate(rng, Split.TRAIN)
        tools = {tool["function"]["name"]: tool["function"] for tool in sample.tools}
        for message in sample.messages:
            for call in message.get("tool_calls") or ():
                function = call["function"]
                schemas = tools[function["name"]]["parameters"]["properties"]
                for name, value in function["arguments"].items():
                    schema = schemas[name]
                    assert isinstance(value, TYPES.get(schema["type"], dict)), (name, value, schema)
                    assert value in schema.get("enum", [value])


def test_arguments_stand_in_the_request() -> None:
    rng = Random(3)
    for _ in range(300):
        sample = turns.call_tool(rng, Split.HELD_OUT)
        *_, question, answer = sample.messages
        for value in answer["tool_calls"][0]["function"]["arguments"].values():
            flat = value.values() if isinstance(value, dict) else value
            for each in flat if isinstance(value, dict | list) else [value]:
                assert isinstance(each, bool) or str(each) in question["content"]


def test_cited_passage_holds_the_answer_and_the_others_do_not() -> None:
    rng = Random(4)
    for _ in range(200):
        sample = cited.generate(rng, Split.HELD_OUT)
        shown, answer = sample.messages[-2]["content"], sample.answer
        if answer == cited.NOT_THERE:
            continue
        mark = MARK.search(answer)
        assert mark
        assert shown.count(mark[0]) == 1


def test_questions_asked_together_are_answered_with_the_marks_of_their_passages() -> None:
    rng = Random(5)
    marks = [
        MARK.findall(message["content"])
        for _ in range(100)
        for message in cited.generate(rng, Split.TRAIN).messages
        if message["role"] == "assistant" and message["content"]
    ]

    assert {len(each) for each in marks} == {0, 1, 2}


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("The meeting is on Monday. 【1†a.md】", True),
        ("The meeting is on Monday in room 3. 【1†a.md】", True),
        ("The meeting is in room 3. 【1†a.md】", False),
        ("The meeting is on Monday in room 4. 【1†a.md】", False),
        ("The meeting is on Monday. 【0†b.md】", False),
        ("The meeting is on Monday. 【1†a.md】 【0†b.md】", False),
        ("The meeting is on Monday.", False),
        ("", False),
    ],
)
def test_answer_may_say_more_of_the_passage_but_nothing_else(said: str, right: bool) -> None:
    from embedded.smollm2.recipe.evaluate import is_right

    (skill,) = [each for each in SKILLS if each.generate is cited.generate]
    shown = "【0†b.md】\nIt rains.\n\n【1†a.md】\nThe meeting is on Monday in room 3."
    turns = (
        {"role": "user", "content": "When is the meeting?"},
        {"role": "tool", "content": shown},
        {"role": "assistant", "content": "The meeting is on Monday. 【1†a.md】"},
    )

    assert is_right(skill, Sample(messages=turns), said) is right


def test_template_writes_tools_as_signatures() -> None:
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((CARD / "chat_template.jinja").read_text())
    parameters = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where"},
            "unit": {"enum": ["celsius", "fahrenheit"]},
            "days": {"type": ["integer", "null"]},
            "guests": {"type": "array", "items": {"type": "string"}},
            "items": {"type": "array"},
            "place": {
                "type": "object",
                "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
                "required": ["x"],
            },
            "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "what": True,
        },
        "required": ["city", "place"],
    }
    about = {"name": "go", "description": "Goes there.", "parameters": parameters}
    tools = [{"type": "function", "function": each} for each in (about, {"name": "stop"})]
    call = {"function": {"name": "go", "arguments": {"city": "Bern"}}}

    text = template.render(
        messages=[
            {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {"role": "user", "content": "Go!"},
            {"role": "assistant", "content": None, "tool_calls": [call, call]},
            {"role": "tool", "content": "done"},
        ],
        tools=tools,
        add_generation_prompt=True,
    )

    assert (
        "go(city: string (Where), unit?: celsius|fahrenheit, days?: integer|null, "
        "guests?: string[], items?: any[], place: {x: number, y?: number}, "
        "either?: string|integer, what?: any) Goes there.\nstop()\n"
    ) in text
    assert text.startswith("<|im_start|>system\nBe brief.\n\nTools:\n")
    (calls,) = re.findall(r"assistant\n(.*?)<\|im_end\|>", text, re.DOTALL)
    one = '<tool_call>\n{"name": "go", "arguments": {"city": "Bern"}}\n</tool_call>'
    assert calls == f"{one}\n{one}"
    assert text.endswith("<|im_start|>tool\ndone<|im_end|>\n<|im_start|>assistant\n")


def test_card_lists_how_many_kinds_of_tools_there_are() -> None:
    from embedded.chat.recipe.skills.tool_catalog import KINDS
    from embedded.smollm2.recipe.agent_tools import AGENT_KINDS

    assert f"| {len(KINDS) + len(AGENT_KINDS)} kinds of tools" in (CARD / "README.md").read_text()
