# pyright: standard
"""Beam search that ends where an answer ends: at the model's end tokens and the request's stops.

vLLM's own search knows one end token and no stops, and continues up to ``max_tokens`` after the
best answers have ended. ``wire.beams`` refuses what no search honours.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from uuid import uuid4

from vllm import AsyncLLMEngine, CompletionOutput, RequestOutput
from vllm.entrypoints.generate.beam_search.utils import BeamSearchSequence
from vllm.entrypoints.openai.completion.protocol import CompletionRequest
from vllm.sampling_params import BeamSearchParams, SamplingParams
from vllm.utils.async_utils import collect_from_async_generator

from deployments.chat.vllm.tool_calls import ENDS

SURPLUS_TOKENS = 4
"""Tokens before a stop text that are decoded with it: a character may begin in one of them."""


class StoppingBeams(BeamSearchParams, kw_only=True):
    """vLLM's parameters with those of sampling, which has more of what ends an answer."""

    sampling: SamplingParams


class TextBody(CompletionRequest):
    """The body of a completion."""

    def to_beam_search_params(self, max_tokens: int, *args: Any, **options: Any) -> StoppingBeams:
        """Return the parameters of a search."""
        params = super().to_beam_search_params(max_tokens, *args, **options)
        return with_stops(params, self.to_sampling_params(max_tokens, *args, **options))


def with_stops(params: BeamSearchParams, sampling: SamplingParams) -> StoppingBeams:
    """Return vLLM's parameters of a search with what ends a sampled answer."""
    fields = {name: getattr(params, name) for name in BeamSearchParams.__struct_fields__}
    return StoppingBeams(**fields, sampling=sampling)


class BeamSearch:
    """Searches for the likeliest answers."""

    def __init__(self, engine: AsyncLLMEngine) -> None:
        self._engine = engine

    async def search(
        self, prompt: Any, request_id: str, params: StoppingBeams, **options: Any
    ) -> AsyncGenerator[RequestOutput, None]:
        """Yield the answers, best first. Takes the place of vLLM's ``beam_search``."""
        beginning = prompt if prompt["type"] != "enc_dec" else prompt["decoder_prompt"]
        search_id = f"{request_id}-{uuid4().hex}"  # a request may have several prompts
        rules = _Rules(self._engine, params, beginning["prompt_token_ids"])
        lora_request = options.get("lora_request")
        running = [BeamSearchSequence(prompt, list(rules.prompt), [], lora_request)]
        ended: list[BeamSearchSequence] = []
        for length in range(params.max_tokens):
            steps = await asyncio.gather(
                *(
                    collect_from_async_generator(
                        self._engine.generate(
                            beam.get_prompt(), rules.step, f"{search_id}-{length}-{i}", **options
                        )
                    )
                    for i, beam in enumerate(running)
                )
            )
            outputs = [step[0].outputs[0] for step in steps]
            if failure := next((o for o in outputs if o.finish_reason in ("error", "abort")), None):
                yield rules.to_output(request_id, [replace(failure, index=0)])
                return
            running = rules.extend(running, outputs, ended)
            if not running or rules.is_decided(running, ended):
                running = []
                break
        best = sorted([*ended, *running], key=rules.rank, reverse=True)[: params.beam_width]
        answers = [rules.to_answer(index, beam) for index, beam in enumerate(best)]
        if (ends := ENDS.get()) is not None:  # it has those of the steps
            ends.update({answer.index: answer.finish_reason or "" for answer in answers})
        yield rules.to_output(request_id, answers)


class _Rules:
    """What continues and what ends the beams of one prompt."""

    def __init__(self, engine: AsyncLLMEngine, params: StoppingBeams, prompt: list[int]) -> None:
        self.prompt = prompt
        self._params = params
        self._tokenizer = engine.renderer.get_tokenizer()
        sampling = params.sampling
        sampling.update_from_tokenizer(self._tokenizer)  # splits the forbidden words
        sampling.update_from_generation_config(
            engine.input_processor.generation_config_fields, engine.renderer.get_eos_token_id()
        )
        self._forbidden = sampling.bad_words_token_ids or []
        self._ends = {*(sampling.stop_token_ids or ()), sampling.eos_token_id} - {None}
        self._stops: list[str] = [text for text in sampling.stop or () if text]
        longest = max((len(text.encode()) for text in self._stops), default=0)
        self._stop_tokens = longest + SURPLUS_TOKENS
        self.step = SamplingParams(
            logprobs=self._count_candidates(engine.model_config.max_logprobs),
            max_tokens=1,
            temperature=0,
            watermarking=False,
            detokenize=False,
        )

    def extend(
        self,
        beams: list[BeamSearchSequence],
        outputs: list[CompletionOutput],
        ended: list[BeamSearchSequence],
    ) -> list[BeamSearchSequence]:
        """Return the best continuations; those that end before go to ``ended``."""
        candidates = [
            (beam.cum_logprob + each.logprob, token, beam, output.logprobs[0])
            for beam, output in zip(beams, outputs, strict=True)
            if output.logprobs
            for token, each in output.logprobs[0].items()
        ]
        running: list[BeamSearchSequence] = []
        for score, token, beam, logprobs in sorted(candidates, key=lambda c: c[0], reverse=True):
            if len(running) == self._params.beam_width:
                break
            if self._may_follow(beam, token):
                longer = BeamSearchSequence(
                    beam.orig_prompt,
                    [*beam.tokens, token],
                    [*beam.logprobs, logprobs],
                    beam.lora_request,
                    score,
                )
                (ended if self._end(longer) else running).append(longer)
        return running

    def rank(self, beam: BeamSearchSequence) -> float:
        """Return the score by which answers are compared, as in vLLM with the prompt's length."""
        return beam.cum_logprob / len(beam.tokens) ** self._params.length_penalty

    def is_decided(
        self, running: list[BeamSearchSequence], ended: list[BeamSearchSequence]
    ) -> bool:
        """Return whether none of the running beams is better than any answer that counts."""
        best = sorted(map(self.rank, ended), reverse=True)[: self._params.beam_width]
        return len(best) == self._params.beam_width and max(map(self.rank, running)) <= best[-1]

    def to_answer(self, index: int, beam: BeamSearchSequence) -> CompletionOutput:
        """Return a beam as vLLM's answer."""
        tokens = beam.tokens[len(self.prompt) :]
        return CompletionOutput(
            index=index,
            text=self._decode(tokens) if beam.text is None else beam.text,
            token_ids=tokens,
            cumulative_logprob=beam.cum_logprob,
            logprobs=beam.logprobs,
            finish_reason=beam.finish_reason or "length",
            stop_reason=beam.stop_reason,
        )

    def to_output(self, request_id: str, answers: list[CompletionOutput]) -> RequestOutput:
        """Return what vLLM's handlers expect of a search."""
        return RequestOutput(
            request_id=request_id,
            prompt=None,
            prompt_token_ids=self.prompt,
            prompt_logprobs=None,
            outputs=answers,
            finished=True,
        )

    def _count_candidates(self, most: int) -> int:
        """Return how many likeliest tokens leave enough when all that may not follow are gone."""
        least = 2 * self._params.beam_width
        wanted = max(
            least + len(self._forbidden) + len(self._ends), self._params.sampling.logprobs or 0
        )
        return wanted if most < 0 else max(least, min(wanted, most))

    def _may_follow(self, beam: BeamSearchSequence, token: int) -> bool:
        made = beam.tokens[len(self.prompt) :]
        if token in self._ends and len(made) < self._params.sampling.min_tokens:
            return False
        return not any(
            word[-1] == token and made[len(made) - len(word) + 1 :] == word[:-1]
            for word in self._forbidden
        )

    def _end(self, beam: BeamSearchSequence) -> bool:
        """End a beam at its last token, if it ends there."""
        tokens = beam.tokens[len(self.prompt) :]
        shows_stop = self._params.include_stop_str_in_output
        if (last := tokens[-1]) in self._ends:
            beam.finish_reason = "stop"
            beam.stop_reason = None if last == self._params.sampling.eos_token_id else last
            beam.text = self._decode(tokens if shows_stop else tokens[:-1])
            return True
        if not self._stops or len(tokens) < self._params.sampling.min_tokens:
            return False
        if not any(stop in self._decode(tokens[-self._stop_tokens :]) for stop in self._stops):
            return False
        text = self._decode(tokens)
        places = [(place, stop) for stop in self._stops if (place := text.find(stop)) >= 0]
        if not places:
            return False
        place, stop = min(places)
        beam.finish_reason, beam.stop_reason = "stop", stop
        beam.text = text[: place + (len(stop) if shows_stop else 0)]
        return True

    def _decode(self, tokens: list[int]) -> str:
        return self._tokenizer.decode(tokens, skip_special_tokens=self._params.skip_special_tokens)
