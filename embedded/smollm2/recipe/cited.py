"""Answers from passages with their marks, as an assistant's file search shows them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from embedded.chat.recipe.listing import words
from embedded.chat.recipe.sample import Message, Sample, Split
from embedded.chat.recipe.skills import reading
from embedded.chat.recipe.skills.passages import Stated, passage
from embedded.chat.recipe.skills.tool_kinds import some_word
from embedded.chat.recipe.skills.tools import calling
from embedded.smollm2.recipe.articles import article
from embedded.smollm2.recipe.offers import offer
from embedded.smollm2.recipe.own_answers import own_answers
from embedded.smollm2.recipe.turns import own_turns
from serve_app.assistants.citations import Source
from serve_app.assistants.prompt import FILE_SEARCH, chat_tools
from serve_app.assistants.tools import NOTHING

SEARCH = chat_tools([{"type": FILE_SEARCH}])
ARTICLES = 0.35
NOT_THERE = "The files do not say."
NOT_IN_TEXT = "The text does not say."
PRONOUNS = ("He ", "She ", "It ")
POLITE = ("Hello!", "Hi there", "Good morning", "How are you?", "Thank you!", "Tell me a joke.")
INSTRUCTIONS = (
    "",
    "",
    "",
    "Answer from the files.",
    "You answer questions about the user's files.",
    "You are a helpful assistant. Use the files to answer.",
    "Be brief.",
    "Use file_search to find the answer and cite the passage.",
    "You are a helpful assistant.",
)


def generate(rng: Random, split: Split) -> Sample:
    """Questions on files, each with a search, passages and an answer that cites one."""
    texts: list[tuple[str, list[Stated]]] = []
    for _ in range(rng.choice((1, 2, 2, 3, 3, 4))):
        file = f"{some_word(rng, split)}.{rng.choice(words('txt md pdf html docx'))}"
        texts.append((file, some_passage(rng, split, rng.choice((1, 2, 2, 3, 4)))))
    stated = [each for _, said in texts for each in said]
    count = rng.choice((1, 2, 2, 3, 4)) if split is Split.TRAIN else 1
    questions = reading.choose_questions(rng, stated, split, count)
    if not questions:
        return generate(rng, split)
    instructions = rng.choice(INSTRUCTIONS)
    turns: list[Message] = [{"role": "system", "content": instructions}] if instructions else []
    if split is Split.TRAIN and rng.random() < 0.12:
        polite = [own for own in own_answers(split) if own.question in POLITE]
        turns += own_turns(rng.choice(polite))
    first = 0
    while questions:
        count = rng.choice((1, 1, 2)) if split is Split.TRAIN else 1
        now, questions = questions[:count], questions[count:]
        question = " ".join(each for each, _ in now)
        answers = [answer for _, answer in now]
        shown = rng.sample(texts, len(texts))
        if rng.random() < 0.16 and not first:  # the passages that answer are not found
            shown = [text for text in shown if all(each.answer not in answers for each in text[1])]
        sources = [
            Source(first + number, "", file, as_text(rng, said))
            for number, (file, said) in enumerate(shown)
        ]
        first += len(sources)
        cited = [
            f"{answer} {source.mark}"
            for answer in answers
            for source, (_, said) in zip(sources, shown, strict=True)
            if any(each.answer == answer for each in said)
        ]
        passages = [f"{source.mark}\n{source.text}" for source in sources]
        output = "\n\n".join([*passages, f"Question: {question}"]) if sources else NOTHING
        turns += [
            {"role": "user", "content": question},
            calling((FILE_SEARCH, {"query": question.rstrip("?")})),
            {"role": "tool", "content": output},
            {"role": "assistant", "content": " ".join(cited) or NOT_THERE},
        ]
    tools = list(SEARCH)
    if rng.random() < 0.15:
        tools += [offered.tool for offered in offer(rng, Split.TRAIN, (0, 1))[0]]
    return Sample(messages=tuple(turns), tools=tuple(tools))


def some_passage(rng: Random, split: Split, sentences: int) -> list[Stated]:
    """An article, or generated sentences, which answer in their own words where they can."""
    if rng.random() < ARTICLES:
        return article(rng, split)
    return [
        replace(each, answer=each.sentence)
        if each.questions and not each.sentence.startswith(PRONOUNS)
        else each
        for each in passage(rng, split, sentences)
    ]


def as_text(rng: Random, said: list[Stated]) -> str:
    """Sentences as a passage of a file."""
    sentences = [each.sentence for each in said if each.sentence]
    roll = rng.random()
    if roll < 0.1:
        return (
            f"# {rng.choice(words('Notes Report Overview Facts Summary'))}\n\n{' '.join(sentences)}"
        )
    return ("\n" if roll < 0.25 else "\n- " if roll < 0.3 else " ").join(sentences)


def text_question(rng: Random, split: Split) -> Sample:
    """A text and questions on it, of which it may not answer the last."""
    said = some_passage(rng, split, rng.choice((1, 2, 3, 4, 5, 6)))
    count = rng.choice((1, 2, 3)) if split is Split.TRAIN else 1
    questions = reading.choose_questions(rng, said, split, count)
    if not questions:
        return text_question(rng, split)
    if split is Split.TRAIN and rng.random() < 0.3:
        questions.append((other_question(rng, said, split), NOT_IN_TEXT))
    return reading.frame_questions(rng, as_text(rng, said), questions)


def not_in_text(rng: Random, split: Split) -> Sample:
    """A text and a question that it does not answer."""
    said = some_passage(rng, split, rng.choice((1, 2, 3, 4, 5)))
    questions = [(other_question(rng, said, split), NOT_IN_TEXT)]
    return reading.frame_questions(rng, as_text(rng, said), questions)


def other_question(rng: Random, said: list[Stated], split: Split) -> str:
    """A question that none of the sentences answers; on another subject."""
    answered = {question for each in said for question in each.questions}
    while True:
        found = reading.choose_questions(rng, some_passage(rng, split, 3), split, 1)
        if found and found[0][0] not in answered:
            return found[0][0]
