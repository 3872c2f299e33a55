"""The table of skills: adding one takes a module with a generator and a line in `SKILLS`."""

from __future__ import annotations

from dataclasses import dataclass

from embedded.chat.recipe.sample import Generator
from embedded.chat.recipe.skills import (
    arithmetic,
    copying,
    facts,
    json_objects,
    manners,
    memory,
    numbers,
    reading,
    tool_turns,
    unknown,
)


@dataclass(frozen=True)
class Skill:
    """A generator, its share of the training samples and what may stand around its samples."""

    name: str
    generate: Generator
    share: float
    system_share: float = 0.12
    earlier_share: float = 0.08
    # Whether its conversations may stand before those of another skill.
    opens: bool = True


SKILLS: tuple[Skill, ...] = (
    Skill("manners", manners.generate, 3),
    Skill("sums", arithmetic.generate, 9),
    Skill("counting", numbers.generate, 6),
    Skill("repeat", copying.repeat, 8),
    Skill("spelling", copying.spell, 8),
    Skill("facts", facts.generate, 13),
    Skill("text questions", reading.text_question, 33, earlier_share=0.03, opens=False),
    Skill("memory", memory.generate, 3, earlier_share=0.0, opens=False),
    Skill("json", json_objects.generate, 7),
    Skill("tool calls", tool_turns.call_tool, 22, earlier_share=0.03, opens=False),
    Skill("tools, none fits", tool_turns.no_call, 9, earlier_share=0.03, opens=False),
    Skill("tool results", tool_turns.tool_result, 2, earlier_share=0.0, opens=False),
    Skill("unknown", unknown.generate, 9),
)
