"""Answering from what the user said in an earlier turn of the conversation."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from embedded.chat.recipe.listing import phrases
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Message, Sample, Split, belongs, chat, draw
from embedded.chat.recipe.skills import manners
from embedded.chat.recipe.vocabulary import COLOURS, JOBS, WORDS, city, make_up_word, name

NOT_TOLD = "I don't know. You have not told me."
# What a user tells: statements, the reply to them, questions later and the answer.
Told = tuple[tuple[str, ...], str, tuple[str, ...], str, Callable[[Random, Split], str]]
TOLD: tuple[Told, ...] = (
    (
        phrases("""
        My name is {v}. | I am {v}. | Hi, I am {v}. | Hello, my name is {v}. | Call me {v}. |
        I'm {v}. | Hi! My name is {v}. | My name is {v}. Nice to meet you!
    """),
        "Nice to meet you, {v}!",
        phrases("""
         What is my name? | What's my name? | Who am I? | Do you remember my name? |
         Tell me my name. | Do you know my name? | Say my name.
     """),
        "Your name is {v}.",
        name,
    ),
    (
        ("I live in {v}.", "My home is in {v}.", "I come from {v}."),
        "OK, you live in {v}.",
        ("Where do I live?", "Which city do I live in?", "What city do I live in?"),
        "You live in {v}.",
        city,
    ),
    (
        ("My favourite colour is {v}.", "I like the colour {v}.", "My favorite color is {v}."),
        "OK, you like the colour {v}.",
        phrases("""
         What is my favourite colour? | Which colour do I like? | What is my favorite color?
     """),
        "You like the colour {v}.",
        lambda rng, _: rng.choice(COLOURS),
    ),
    (
        ("I am {v} years old.", "I'm {v} years old.", "My age is {v}."),
        "OK, you are {v} years old.",
        ("How old am I?", "What is my age?", "Tell me my age."),
        "You are {v} years old.",
        lambda rng, _: str(rng.randint(5, 99)),
    ),
    (
        ("I work as a {v}.", "My job is {v}.", "I am a {v}."),
        "OK, you work as a {v}.",
        ("What is my job?", "What do I work as?", "What do I do for a living?"),
        "You work as a {v}.",
        lambda rng, _: rng.choice(JOBS),
    ),
    (
        ("My dog is called {v}.", "My dog's name is {v}.", "I have a dog called {v}."),
        "OK, your dog is called {v}.",
        ("What is my dog called?", "What is the name of my dog?", "What is my dog's name?"),
        "Your dog is called {v}.",
        name,
    ),
    (
        phrases("""
        Remember the word {v}. | The secret word is {v}. | The password is {v}. |
        Remember this word: {v}
    """),
        "OK, I remember {v}.",
        phrases("""
         What was the word? | What is the secret word? | What is the password? |
         Which word did I give you?
     """),
        "The word is {v}.",
        lambda rng, _: make_up_word(rng) if rng.random() < 0.6 else rng.choice(WORDS),
    ),
    (
        ("My lucky number is {v}.", "Remember the number {v}.", "The number is {v}."),
        "OK, I remember {v}.",
        ("What is my lucky number?", "What was the number?", "Which number did I give you?"),
        "The number is {v}.",
        lambda rng, _: str(rng.randint(1, 99)),
    ),
)


def make_exchange(question: str, answer: str) -> list[Message]:
    """One exchange."""
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def telling(rng: Random, what: Told, split: Split) -> tuple[str, str]:
    """A statement and its content, a pair on the side of the split."""

    def make() -> tuple[str, str]:
        return rng.choice(what[0]), what[4](rng, split)

    form, told = draw(make, split, key=lambda pair: f"told:{pair[0]}:{pair[1]}")
    return form.format(v=told), told


def state_name(rng: Random, split: Split) -> list[Message]:
    """A statement of a name, and the question for it."""
    statement, told = telling(rng, TOLD[0], split)
    _, reply, questions, answer, _ = TOLD[0]
    return make_exchange(statement, reply.format(v=told)) + make_exchange(
        rng.choice(questions), answer.format(v=told)
    )


def generate(rng: Random, split: Split) -> Sample:
    """Something told in one turn and asked for in a later one, or told never."""
    first = TOLD[0] if rng.random() < 0.45 else rng.choice(TOLD)
    _, reply, questions, answer, _ = first
    statement, told = telling(rng, first, split)
    question = vary(rng, rng.choice(questions))
    if rng.random() < 0.1 and belongs(f"untold:{question}", split):
        return chat(question, NOT_TOLD)
    if rng.random() < 0.2:
        return chat(f"{statement} {question}", answer.format(v=told))
    statement = vary(rng, statement, keep_case=True, lead=False)
    if rng.random() < 0.08 and first is TOLD[0]:
        return chat(
            question,
            answer.format(v=told),
            system=rng.choice(("The user's name is {v}.", "The name of the user is {v}.")).format(
                v=told
            ),
        )
    turns = make_exchange(statement, reply.format(v=told))
    asks = [(question, answer.format(v=told))]
    others = [t for t in TOLD[1:] if t is not first and t[1] != reply]
    for other in rng.sample(others, rng.choice((0, 0, 1, 1, 2))):
        thing = other[4](rng, split)
        turns += make_exchange(rng.choice(other[0]).format(v=thing), other[1].format(v=thing))
        asks.append((rng.choice(other[2]), other[3].format(v=thing)))
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        turns += manners.generate(rng, Split.TRAIN).messages
    # In training all that was told is asked for; what was told first always comes last.
    for asked, known in reversed(asks if split is Split.TRAIN else asks[:1]):
        turns += make_exchange(asked, known)
    return Sample(messages=tuple(turns))
