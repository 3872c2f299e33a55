"""Paragraphs of prose made of relations, small events and sentences beside the point.

Knows nothing of conversations: it gives sentences, and questions with the sentence that answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from embedded.chat.recipe.listing import pairs, phrases, words
from embedded.chat.recipe.sample import Split
from embedded.chat.recipe.skills.fact_tables import DAYS, MONTHS
from embedded.chat.recipe.skills.relations import PEOPLE, PLACES, THINGS, Relation
from embedded.chat.recipe.vocabulary import JOBS, SURNAMES, WORDS, make_up_word, name

ESTABLISHMENTS = words("""
    museum library bakery theatre factory school hospital restaurant hotel station bookshop cinema
    church castle market bank pharmacy gallery studio zoo club office garden harbour mill tower
    airport stadium laboratory brewery
""")
NOUNS = WORDS[:150]
ADJECTIVES = words("old new small big green blue red white heavy broken long wooden little dusty")
# Past tense and base form.
DEEDS = pairs("""
    painted=paint; sold=sell; found=find; bought=buy; repaired=repair; lost=lose; built=build;
    opened=open; visited=visit; cleaned=clean; moved=move; washed=wash; made=make; saw=see;
    took=take; sent=send; wrote=write; wanted=want
""")
SPOTS = words("garden river station market bridge school church forest harbour park museum hotel")
FILLERS = phrases("""
    It rained for most of the week. | The weather was fine that day. | Everyone had a good time. |
    Nobody knows exactly why. | This has been so for many years. | Many people come here in May. |
    The neighbours are happy about it. | More news will follow soon. | It was a quiet year. |
    There is not much more to tell. | A few details are still open. | The streets were empty. |
    That surprised quite a few people. | Some say it will change soon. | The plans are not final. |
    Please read all of this carefully. | We hope that this helps you. | All of this is well known. |
    The town is proud of it. | In the evening it gets cold. | The coffee there is not bad. |
    On some days there is music. | The view is beautiful in autumn. | Children like it very much. |
    It took longer than expected. | The first years were not easy. | Work goes on as usual. |
    Thank you for your attention. | This page was changed last week. | Trains run every hour.
""")
USUAL_SHARE = 0.8
KINDS: tuple[tuple[Relation, ...], ...] = (PEOPLE, PLACES, THINGS)


@dataclass(frozen=True)
class Stated:
    """A sentence, the questions that it answers, and the answer in the usual words."""

    sentence: str
    questions: tuple[str, ...] = ()
    answer: str = ""


def upper_first(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def subject(rng: Random, kind: tuple[Relation, ...], split: Split) -> str:
    """Somebody or something to speak of, as it stands inside a sentence."""
    if kind is PEOPLE:
        family = f" {rng.choice(SURNAMES)}" if rng.random() < 0.15 else ""
        return name(rng, split) + family
    lead = f"{upper_first(make_up_word(rng))} " if rng.random() < 0.15 else ""
    if kind is PLACES:
        return f"the {lead}{rng.choice(ESTABLISHMENTS)}"
    return f"the {rng.choice(ADJECTIVES) + ' ' if rng.random() < 0.2 else ''}{rng.choice(NOUNS)}"


def about(
    rng: Random, kind: tuple[Relation, ...], who: str, count: int, alone: bool, split: Split
) -> list[Stated]:
    """Sentences on one subject; a pronoun stands for it only where it cannot be mistaken."""
    said: list[Stated] = []
    pronoun = rng.choice(("He", "She")) if kind is PEOPLE else "It"
    called = who
    for told in rng.sample(kind, min(count, len(kind))):
        value, usual = told.make(rng, split), told.statements[0]
        form = usual if rng.random() < USUAL_SHARE else rng.choice(told.statements)
        answer = upper_first(usual.format(s=who, v=value))
        sentence = upper_first(form.format(s=called, v=value))
        said.append(Stated(sentence, tuple(q.format(s=who) for q in told.questions), answer))
        called = pronoun if alone and rng.random() < 0.7 else who
    return said


def event(rng: Random, split: Split) -> Stated:
    """Who did what, when or where."""
    who = name(rng, split) if rng.random() < 0.5 else f"the {rng.choice(JOBS)}"
    past, base = rng.choice(tuple(DEEDS.items()))
    thing = rng.choice(NOUNS)
    shown = f"{rng.choice(ADJECTIVES)} {thing}" if rng.random() < 0.4 else thing
    questions = [f"What did {who} {base}?"]
    end, roll = "", rng.random()
    if roll < 0.4:
        end = rng.choice(
            (
                f" on {rng.choice(DAYS)}",
                f" in {rng.choice(MONTHS)}",
                f" in {rng.randint(1900, 2025)}",
                " last winter",
                " yesterday",
                " in the morning",
            )
        )
        questions.append(f"When did {who} {base} the {shown}?")
    elif roll < 0.7:
        where = rng.choice(("near the", "in the", "at the", "behind the"))
        end = f" {where} {rng.choice(SPOTS)}"
        questions.append(f"Where did {who} {base} the {shown}?")
    sentence = upper_first(f"{who} {past} the {shown}{end}.")
    return Stated(sentence, tuple(questions), sentence)


def passage(rng: Random, split: Split, sentences: int, beside: int = 0) -> list[Stated]:
    """About so many sentences, and some beside the point."""
    said: list[Stated] = []
    roll = rng.random()
    subjects: set[str] = set()
    kind = rng.choice((PEOPLE, PEOPLE, PLACES, THINGS))
    alone = roll < 0.3 and sentences < 9
    while len(said) < sentences:
        if roll > 0.8:
            kind = rng.choice(KINDS)
        who = subject(rng, kind, split)
        if who in subjects:
            continue
        subjects.add(who)
        count = sentences if alone else rng.choice((1, 1, 2, 2, 3))
        if not alone and rng.random() < 0.15:
            told = [event(rng, split)]
        else:
            told = about(rng, kind, who, count, alone, split)
        said += told
    for _ in range(beside or (rng.choice((0, 0, 1, 2)) if sentences > 2 else 0)):
        said.insert(rng.randint(0, len(said)), Stated(rng.choice(FILLERS)))
    if alone or rng.random() < 0.6:
        return said
    return rng.sample(said, len(said))
