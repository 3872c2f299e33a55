"""Answering from what stands in the conversation: a short text, or what the user said before."""

from __future__ import annotations

from random import Random

from embedded.chat.recipe.listing import phrases, words
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Message, Sample, Split, chat
from embedded.chat.recipe.vocabulary import (
    COLOURS,
    FOODS,
    HOBBIES,
    JOBS,
    PETS,
    WORDS,
    city,
    code,
    made_up,
    name,
)

NOT_SAID = "I don't know. The text does not say."
PLACES = words("""
    kitchen garden garage attic cellar bedroom hall office shed drawer cupboard basket bathroom
""")
# By attribute: ways to state it about {s} (name or pronoun), questions about {n}, the answer.
ATTRIBUTES: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "city": (
        phrases("""
        {s} lives in {v}. | {s} has a flat in {v}. | {s} comes from {v}. | {s} moved to {v}.
    """),
        phrases("""
                 Where does {n} live? | Which city does {n} live in? |
                 In which city does {n} live? | What city does {n} live in? | Where is {n} living?
             """),
        "{n} lives in {v}.",
    ),
    "job": (
        ("{s} works as a {v}.", "{s} is a {v}.", "{s} earns money as a {v}."),
        phrases("""
                What does {n} do? | What is {n}'s job? | What does {n} work as? |
                What is the job of {n}? | Which job does {n} have?
            """),
        "{n} works as a {v}.",
    ),
    "age": (
        ("{s} is {v} years old.", "{s} is {v}.", "{s} turned {v} this year."),
        phrases("""
                How old is {n}? | What is {n}'s age? | What is the age of {n}? |
                Tell me how old {n} is.
            """),
        "{n} is {v} years old.",
    ),
    "pet": (
        ("{s} has a {v}.", "{s} keeps a {v}.", "{s} owns a {v}."),
        phrases("""
                What pet does {n} have? | Which pet does {n} have? | What animal does {n} have? |
                Which animal does {n} own?
            """),
        "{n} has a {v}.",
    ),
    "colour": (
        phrases("""
        {s} likes the colour {v}. | {s} loves the colour {v}. | Favourite colour of {n}: {v}.
    """),
        phrases("""
                   Which colour does {n} like? | What colour does {n} like? |
                   What is {n}'s favourite colour? | What color does {n} like?
               """),
        "{n} likes the colour {v}.",
    ),
    "food": (
        ("{s} likes to eat {v}.", "{s} often eats {v}.", "{s} loves to eat {v}."),
        phrases("""
                 What does {n} like to eat? | What does {n} eat? | Which food does {n} like? |
                 What is {n}'s favourite food?
             """),
        "{n} likes to eat {v}.",
    ),
    "hobby": (
        ("{s} enjoys {v}.", "{s} spends the weekend {v}.", "{s} has a hobby: {v}."),
        phrases("""
                  What does {n} enjoy? | What is {n}'s hobby? | Which hobby does {n} have? |
                  What is the hobby of {n}?
              """),
        "{n} enjoys {v}.",
    ),
}
FRAMES = (
    "{t} {q}",
    "{t}\n{q}",
    "{t}\n\n{q}",
    "Text: {t}\nQuestion: {q}",
    "Read this: {t} {q}",
    "{t} Question: {q}",
    "Context: {t}\n\nQuestion: {q}",
    "{q}\n\n{t}",
    "Here is a text. {t}\n{q}",
    "Answer from the text. {t} {q}",
)


def value(rng: Random, attribute: str, split: Split) -> str:
    """A value for an attribute of a person."""
    invented = rng.random() < 0.25
    if attribute == "city":
        return city(rng, split)
    if attribute == "age":
        return str(rng.randint(3, 99))
    listed = {"job": JOBS, "pet": PETS, "colour": COLOURS, "food": FOODS, "hobby": HOBBIES}[
        attribute
    ]
    return made_up(rng) if invented and attribute != "colour" else rng.choice(listed)


def person(rng: Random, split: Split, count: int) -> tuple[str, dict[str, str], list[str]]:
    """A name, what holds for it, and the sentences that say so."""
    who = name(rng, split)
    pronoun = rng.choice(("He", "She", "They")) if rng.random() < 0.6 else who
    if pronoun == "They":
        pronoun = who
    held = {key: value(rng, key, split) for key in rng.sample(tuple(ATTRIBUTES), count)}
    sentences = [
        rng.choice(ATTRIBUTES[key][0]).format(s=who if i == 0 else pronoun, n=who, v=v)
        for i, (key, v) in enumerate(held.items())
    ]
    return who, held, sentences


def people_text(rng: Random, split: Split) -> Sample:
    """A text about people and a question on one of them."""
    count = rng.choice((1, 1, 2, 2, 3, 4)) if rng.random() < 0.93 else rng.randint(8, 22)
    people = [person(rng, split, rng.randint(1, 4)) for _ in range(count)]
    text = " ".join(sentence for _, _, sentences in people for sentence in sentences)
    who, held, _ = rng.choice(people)
    if sum(other == who for other, _, _ in people) > 1:
        return people_text(rng, split)
    missing = [key for key in ATTRIBUTES if key not in held]
    if rng.random() < 0.08:
        question, answer = rng.choice(ATTRIBUTES[rng.choice(missing)][1]).format(n=who), NOT_SAID
    elif (
        rng.random() < 0.15
        and "city" in held
        and sum(p[1].get("city") == held["city"] for p in people) == 1
    ):
        question = rng.choice(("Who lives in {v}?", "Which person lives in {v}?")).format(
            v=held["city"]
        )
        answer = f"{who} lives in {held['city']}."
    else:
        key = rng.choice(tuple(held))
        question = rng.choice(ATTRIBUTES[key][1]).format(n=who)
        answer = ATTRIBUTES[key][2].format(n=who, v=held[key])
    return framed(rng, text, question, answer)


def framed(rng: Random, text: str, question: str, answer: str) -> Sample:
    """Text and question in one message, in two, or the text as the system message."""
    roll = rng.random()
    if roll < 0.12:
        return chat(
            question,
            answer,
            system=rng.choice(("{t}", "Use this text: {t}", "Context: {t}")).format(t=text),
        )
    if roll < 0.22:
        lead: list[Message] = [
            {"role": "user", "content": text},
            {"role": "assistant", "content": "OK."},
        ]
        turns: list[Message] = [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
        return Sample(messages=tuple(lead + turns))
    asked = rng.choice(FRAMES).format(t=text, q=question)
    return chat(vary(rng, asked, keep_case=True, lead=False), answer)


def objects_text(rng: Random, split: Split) -> Sample:
    """Where things are, what they cost and what they are called."""
    things = rng.sample(WORDS[:60], rng.randint(1, 5))
    kind = rng.randrange(3)
    if kind == 0:
        held = {t: rng.choice(PLACES) if rng.random() < 0.7 else made_up(rng) for t in things}
        form, asks = (
            "The {k} is in the {v}.",
            ("Where is the {k}?", "Where can I find the {k}?", "In which place is the {k}?"),
        )
    elif kind == 1:
        held = {t: str(rng.randint(1, 99)) for t in things}
        form, asks = (
            "The {k} costs {v} euros.",
            phrases("""
            How much does the {k} cost? | What is the price of the {k}? | What does the {k} cost?
        """),
        )
    else:
        held = {t: code(rng) if rng.random() < 0.6 else made_up(rng) for t in things}
        form, asks = (
            "The code of the {k} is {v}.",
            phrases("""
            What is the code of the {k}? | Which code does the {k} have? |
            Tell me the code of the {k}.
        """),
        )
    text = " ".join(form.format(k=k, v=v) for k, v in held.items())
    key = rng.choice(things)
    answer = form.format(k=key, v=held[key])
    if rng.random() < 0.06:
        key, answer = rng.choice([w for w in WORDS[:60] if w not in held]), NOT_SAID
    return framed(rng, text, rng.choice(asks).format(k=key), answer)


def text_question(rng: Random, split: Split) -> Sample:
    """A text about people or about things, with a question."""
    return people_text(rng, split) if rng.random() < 0.75 else objects_text(rng, split)
