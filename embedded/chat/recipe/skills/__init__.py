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
    tools,
    unknown,
)


@dataclass(frozen=True)
class Skill:
    """A generator, its share of the training samples and what may stand around its samples."""

    name: str
    generate: Generator
    share: float
    system_share: float = 0.25
    earlier_share: float = 0.2
    # Whether its conversations may stand before those of another skill.
    opens: bool = True


SKILLS: tuple[Skill, ...] = (
    Skill("manners", manners.generate, 5),
    Skill("sums", arithmetic.generate, 16, earlier_share=0.1),
    Skill("counting", numbers.generate, 12),
    Skill("repeat", copying.repeat, 10),
    Skill("spelling", copying.spell, 12),
    Skill("facts", facts.generate, 18, earlier_share=0.15),
    Skill("text questions", reading.text_question, 18, earlier_share=0.1, opens=False),
    Skill("memory", memory.generate, 6, opens=False),
    Skill("json", json_objects.generate, 9, earlier_share=0.1),
    Skill("tool calls", tools.call_tool, 17, earlier_share=0.08, opens=False),
    Skill("tools, none fits", tool_turns.no_call, 5, earlier_share=0.08, opens=False),
    Skill("tool results", tool_turns.tool_result, 4, earlier_share=0.0, opens=False),
    Skill("unknown", unknown.generate, 8),
)
