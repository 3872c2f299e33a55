"""Moderation by a chat model: one question for each category of a text.

A score is the model's probability of "yes" against "no".
"""

import math
from functools import partial
from typing import Any

from pydantic_core import from_json

from serve_app.concurrency import gather_limited
from serve_app.config import ModerationConfig
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.bodies import ChatCompletionBody
from wire.calls import Kind, Operation
from wire.errors import ModelNotFoundError
from wire.fields import refuse_foreign_fields
from wire.ids import new_id
from wire.openai.moderations import (
    CATEGORIES,
    OPENAIS_MODELS,
    ModerationCreateResponse,
    ModerationRequest,
    to_result,
)

AT_ONCE = 8
"""Questions of one request that the model works on at once."""
YES, NO = "yes", "no"
TOP = 20
"""How many of the likeliest first tokens are evaluated: as many as the engine returns."""

QUESTION = """Text:
{text}

Is it true that this text {what}? Answer yes or no."""


async def judge_texts(
    body: ModerationRequest, config: ModerationConfig, calls: Calls
) -> ModerationCreateResponse:
    """Return a result for each text.

    Raises:
        ModelNotFoundError: no model is configured, or the request names another.
    """
    refuse_foreign_fields(body)
    texts = body.texts()
    if config.model is None:
        raise ModelNotFoundError(
            "No model judges texts here: 'moderation.model' is not set in the ingress's "
            "configuration.",
            "model",
        )
    model = await calls.resolve(Kind.CHAT, config.model, body.backend)
    if body.model and not body.model.startswith(OPENAIS_MODELS):
        requested = await calls.resolve(Kind.CHAT, body.model)
        if requested.card.id != model.card.id:
            raise ModelNotFoundError(
                f"Model '{body.model}' does not judge texts here; '{model.card.id}' does.", "model"
            )
    results = [to_result(each, config.threshold) for each in await _score_all(texts, model, calls)]
    return ModerationCreateResponse(id=new_id("modr", "-"), model=model.card.id, results=results)


async def _score_all(texts: list[str], model: ServedModel, calls: Calls) -> list[dict[str, float]]:
    """Return the score of each category for each text, from 0 to 1."""
    jobs = [
        partial(_score, QUESTION.format(text=text, what=what), model, calls)
        for text in texts
        for what in CATEGORIES.values()
    ]
    flat = iter(await gather_limited(jobs, AT_ONCE))
    return [{name: next(flat) for name in CATEGORIES} for _ in texts]


async def _score(question: str, model: ServedModel, calls: Calls) -> float:
    body = ChatCompletionBody(
        messages=[{"role": "user", "content": question}],
        structured_outputs={"choice": [YES, NO]},
        temperature=0,
        logprobs=True,
        top_logprobs=TOP,
    )
    reply = await calls.run(model, Operation.CHAT_COMPLETION, body)
    choice = from_json(reply.body)["choices"][0]
    first = choice["logprobs"]["content"][0]["top_logprobs"]
    yes, no = _probability(first, YES), _probability(first, NO)
    if yes + no == 0:  # neither word is among the likeliest tokens
        return float(choice["message"]["content"].strip() == YES)
    return yes / (yes + no)


def _probability(first: list[dict[str, Any]], answer: str) -> float:
    """Return the probability that the answer begins as this one does."""
    return sum(
        math.exp(token["logprob"])
        for token in first
        if (beginning := token["token"].strip().lower()) and answer.startswith(beginning)
    )
