"""How a chat model judges a text: one question a category, and how sure it is of its answer.

The score is the model's own probability of "yes" against "no". It is as good as the model.
"""

import math
from functools import partial
from typing import Any

from pydantic_core import from_json

from serve_app.concurrency import gather_limited
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.bodies import ChatCompletionBody
from wire.calls import Operation
from wire.openai.moderations import CATEGORIES

AT_ONCE = 8
"""Questions of one request that the model works on at once."""
YES, NO = "yes", "no"
TOP = 20
"""How many of the likeliest first tokens are evaluated: as many as the engine returns."""

QUESTION = """Text:
{text}

Is it true that this text {what}? Answer yes or no."""


async def scores(texts: list[str], model: ServedModel, calls: Calls) -> list[dict[str, float]]:
    """Return the score of each category for each text, from 0 to 1."""
    jobs = [
        partial(_score, QUESTION.format(text=text, what=what), model, calls)
        for text in texts
        for what in CATEGORIES.values()
    ]
    flat = iter(await gather_limited(jobs, AT_ONCE))
    return [{name: next(flat) for name in CATEGORIES} for _ in texts]


async def _score(question: str, model: ServedModel, calls: Calls) -> float:
    asked = ChatCompletionBody(
        messages=[{"role": "user", "content": question}],
        structured_outputs={"choice": [YES, NO]},
        temperature=0,
        logprobs=True,
        top_logprobs=TOP,
    )
    reply = await calls.run(model, Operation.CHAT_COMPLETION, asked)
    choice = from_json(reply.body)["choices"][0]
    first = choice["logprobs"]["content"][0]["top_logprobs"]
    yes, no = _probability(first, YES), _probability(first, NO)
    if yes + no == 0:  # it wanted to say something else
        return float(choice["message"]["content"].strip() == YES)
    return yes / (yes + no)


def _probability(first: list[dict[str, Any]], answer: str) -> float:
    """Return how likely the answer begins like this one."""
    return sum(
        math.exp(token["logprob"])
        for token in first
        if (beginning := token["token"].strip().lower()) and answer.startswith(beginning)
    )
