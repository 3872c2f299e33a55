"""Answering a question from a given text, with a sentence in the usual words for such a fact."""

from __future__ import annotations

from collections import Counter
from random import Random

from embedded.chat.recipe.listing import phrases
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Message, Sample, Split, belongs
from embedded.chat.recipe.skills.passages import Stated, passage

FRAMES = (
    "{t} {q}",
    "{t} {q}",
    "{t}\n{q}",
    "{t}\n\n{q}",
    "{t}\n\n{q}",
    "Text: {t}\nQuestion: {q}",
    "Text: {t}\n\nQuestion: {q}",
    "Read this: {t} {q}",
    "{t} Question: {q}",
    "Context: {t}\n\nQuestion: {q}",
    "Context:\n{t}\n\nQuestion: {q}",
    "{q}\n\n{t}",
    "{q}\n\nText: {t}",
    "Here is a text. {t}\n{q}",
    "Here is a text:\n\n{t}\n\n{q}",
    "Answer from the text. {t} {q}",
    "Answer the question from the text.\n\nText: {t}\n\nQuestion: {q}",
    "Use the context to answer the question.\n\nContext: {t}\n\nQuestion: {q}",
    "Answer the question using only the context below.\n\nContext:\n{t}\n\nQuestion: {q}\nAnswer:",
    "Question: {q}\nContext: {t}",
)
SYSTEMS = (
    "{t}",
    "Use this text: {t}",
    "Context: {t}",
    "Answer from this text:\n{t}",
    "Answer the user's question from the context.\n\nContext:\n{t}",
    "You are a helpful assistant. Use the following text to answer.\n\n{t}",
)
GIVEN = phrases("""
    {t} | {t} | Here is a text: {t} | Read this text. {t} | Please read this: {t} | Text: {t}
""")


def as_text(rng: Random, said: list[Stated]) -> str:
    """The sentences as one paragraph, several, or numbered passages as a search returns them."""
    sentences = [stated.sentence for stated in said]
    if len(sentences) < 4 or rng.random() < 0.75:
        return " ".join(sentences)
    cut = rng.randint(2, len(sentences) - 2)
    parts = [" ".join(sentences[:cut]), " ".join(sentences[cut:])]
    form = rng.choice(("{t}", "{t}", "[{i}] {t}", "- {t}", "Passage {i}: {t}"))
    between = "\n" if form.startswith(("[", "-")) else "\n\n"
    return between.join(form.format(i=i, t=t) for i, t in enumerate(parts, 1))


def choose_questions(
    rng: Random, said: list[Stated], split: Split, count: int
) -> list[tuple[str, str]]:
    """Questions that have one answer, on the side of the split, with their answers."""
    times = Counter(question for stated in said for question in set(stated.questions))
    fitting: list[tuple[str, str]] = []
    for stated in said:
        sure = [
            question
            for question in stated.questions
            if times[question] == 1 and belongs(f"read:{question}:{stated.answer}", split)
        ]
        fitting += [(rng.choice(sure), stated.answer)] if sure else []
    return rng.sample(fitting, min(count, len(fitting)))


def turns(questions: list[tuple[str, str]]) -> list[Message]:
    """The questions with their answers as a conversation."""
    said: list[Message] = []
    for question, answer in questions:
        said += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    return said


def frame_questions(rng: Random, text: str, questions: list[tuple[str, str]]) -> Sample:
    """Text and question in one message, in two, or the text as the system message."""
    roll = rng.random()
    if roll < 0.2:
        system: Message = {"role": "system", "content": rng.choice(SYSTEMS).format(t=text)}
        return Sample(messages=(system, *turns(questions)))
    if roll < 0.28:
        given = turns([(rng.choice(GIVEN).format(t=text), "OK.")])
        return Sample(messages=(*given, *turns(questions)))
    (question, answer), *rest = questions
    first = vary(rng, rng.choice(FRAMES).format(t=text, q=question), keep_case=True, lead=False)
    return Sample(messages=tuple(turns([(first, answer), *rest])))


def about_text(rng: Random, split: Split, sentences: int, count: int, beside: int = 0) -> Sample:
    """A text of about so many sentences with that many questions, if it answers any."""
    while True:
        said = passage(rng, split, sentences, beside)
        questions = choose_questions(rng, said, split, count)
        if questions:
            return frame_questions(rng, as_text(rng, said), questions)


def text_question(rng: Random, split: Split) -> Sample:
    """A paragraph and a question on it; in training often several."""
    sentences = rng.choice((1, 2, 2, 3, 3, 4, 4, 5, 6, 8))
    count = rng.choice((1, 2, 3, 4, 6)) if split is Split.TRAIN else 1
    return about_text(rng, split, sentences, count)


def long_text_questions(rng: Random) -> Sample:
    """Questions on a text that may nearly fill the context; most of it is beside the point."""
    beside = rng.choice((10, 20, 30, 75))
    return about_text(rng, Split.TRAIN, rng.choice((6, 9, 12)), rng.randint(4, 7), beside)
