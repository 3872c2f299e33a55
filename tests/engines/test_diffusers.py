"""diffusers on the embedded pipeline: what the pictures are, not how pretty."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from deployments.images.diffusers.drawing import AbandonedError, Pipelines
from deployments.images.diffusers.engine import DiffusersEngine
from deployments.images.diffusers.loading import load_pipeline
from deployments.images.job import Job
from tests.engines.drawing import call_of, configure, draw, load
from tests.support.waiting import until
from wire.calls import Operation, Reply, Usage
from wire.errors import APIError, ContentPolicyError, InvalidRequestError, ModelLoadError


@pytest.fixture(scope="module")
def pipelines() -> Pipelines:
    return Pipelines(load_pipeline(configure()), configure())


@pytest.fixture
async def engine(pipelines: Pipelines) -> AsyncIterator[DiffusersEngine]:
    engine = DiffusersEngine(pipelines, configure())
    yield engine
    assert engine.num_unfinished() == 0
    await engine.close()


async def test_generation_draws_pictures_of_the_size(engine: DiffusersEngine) -> None:
    reply = await draw(engine, n=2, size="128x64")

    assert [Image.open(BytesIO(file)).size for file in reply.files] == [(128, 64)] * 2
    assert reply.usage.images == 2
    assert reply.usage.prompt_tokens == 4  # two words, a beginning and an end


async def test_seed_makes_the_same_file_alone_and_among_others(engine: DiffusersEngine) -> None:
    alone = await draw(engine, seed=7)
    second_of_two, *others = await asyncio.gather(
        draw(engine, seed=6, n=2), draw(engine), draw(engine), draw(engine, seed=9)
    )

    assert second_of_two.files[1] == alone.files[0]
    assert alone.files[0] not in {file for other in others for file in other.files}
    assert json.loads(second_of_two.body)["seeds"] == [6, 7]


async def test_long_prompts_are_cut_and_counted_beside_each_other(
    engine: DiffusersEngine,
) -> None:
    long: dict[str, Any] = {"prompts": [{"positive": "a cat " * 100}]}
    replies = await asyncio.gather(*(draw(engine, **long) for _ in range(6)))

    assert {reply.usage.prompt_tokens for reply in replies} == {48}


async def test_without_a_seed_every_picture_is_another(engine: DiffusersEngine) -> None:
    reply = await draw(engine, n=3)

    assert len(set(reply.files)) == 3
    assert len(set(json.loads(reply.body)["seeds"])) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"prompts": [{"positive": "a dog"}]},
        {"prompts": [{"positive": "a cat", "negative": "green"}]},
        {"step": 3},
        {"quality": "hd"},
        {"quality": 5},
        {"clip_skip": 1},
        {"seed": 8},
    ],
)
async def test_field_changes_the_picture(engine: DiffusersEngine, change: dict[str, Any]) -> None:
    plain = await draw(engine, seed=7)
    body: dict[str, Any] = {"seed": 7, **change}
    changed = await draw(engine, **body)

    assert plain.files != changed.files


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
async def test_output_format_is_the_files(engine: DiffusersEngine, form: str) -> None:
    reply = await draw(engine, output_format=form, output_compression=100)

    assert Image.open(BytesIO(reply.files[0])).format == form.upper()


async def test_output_compression_makes_smaller_files(engine: DiffusersEngine) -> None:
    large = await draw(engine, seed=1, output_format="jpeg", output_compression=95)
    small = await draw(engine, seed=1, output_format="jpeg", output_compression=10)

    assert len(small.files[0]) < len(large.files[0])


async def test_stream_shows_pictures_on_the_way_and_then_the_image(
    engine: DiffusersEngine,
) -> None:
    pieces = [
        piece
        async for piece in engine.stream(
            call_of(Operation.IMAGE_GENERATION, step=8, partial_images=3)
        )
    ]

    *shown, image, usage = pieces
    assert usage == Usage(prompt_tokens=4, images=1)
    facts = [json.loads(piece) for piece in [*shown, image] if isinstance(piece, bytes)]
    assert [fact.get("partial_image_index") for fact in facts] == [0, 1, 2, None]
    assert len({fact["b64_json"] for fact in facts}) == 4
    assert facts[-1]["size"] == "64x64"


async def test_stream_makes_the_image_that_the_whole_answer_has(engine: DiffusersEngine) -> None:
    import base64

    whole = await draw(engine, seed=5, step=4)
    call = call_of(Operation.IMAGE_GENERATION, seed=5, step=4, partial_images=2)
    *_, image, _usage = [piece async for piece in engine.stream(call)]

    assert isinstance(image, bytes)
    assert base64.b64decode(json.loads(image)["b64_json"]) == whole.files[0]


async def test_client_that_leaves_stops_the_drawing() -> None:
    engine = await load(max_steps=1000, default_size="512x512")
    pipelines = engine.pipelines
    passes: list[int] = []
    abandoned: list[AbandonedError] = []

    def draw_noted(jobs: Sequence[Job]) -> list[Any]:
        passes.append(len(jobs))
        try:
            return pipelines.draw(jobs)
        except AbandonedError as error:
            abandoned.append(error)
            raise

    engine.queue.draw_pass = draw_noted
    # The most steps that the scheduler has: minutes of work.
    long = asyncio.create_task(draw(engine, step=1000))
    waiting = asyncio.create_task(draw(engine, step=999))
    await until(lambda: passes == [1] and engine.num_unfinished() == 3)  # two, and the pass

    long.cancel()
    waiting.cancel()
    await asyncio.gather(long, waiting, return_exceptions=True)

    reply = await draw(engine, size="64x64")  # comes after them, in the same thread
    assert reply.files
    assert len(abandoned) == 1
    assert passes == [1, 1]
    assert engine.num_unfinished() == 0
    await engine.close()


async def test_images_without_a_seed_share_a_pass() -> None:
    engine = await load(max_batch_size=4)
    passes: list[int] = []
    pipelines = engine.pipelines

    def draw_counted(jobs: Sequence[Job]) -> list[Any]:
        passes.append(len(jobs))
        return pipelines.draw(jobs)

    engine.queue.draw_pass = draw_counted

    await asyncio.gather(draw(engine, n=3), draw(engine, n=2), draw(engine, size="128x64"))

    assert sorted(passes) == [1, 1, 4]
    await engine.close()


async def test_failure_reaches_the_request_and_not_the_next(engine: DiffusersEngine) -> None:
    pipelines = engine.pipelines

    def fail(_: Any) -> list[Any]:
        raise RuntimeError("kernel")

    engine.queue.draw_pass = fail
    with pytest.raises(APIError) as raised:
        await draw(engine)
    engine.queue.draw_pass = pipelines.draw

    assert raised.value.status == 500
    assert "req_1" in str(raised.value)
    assert (await draw(engine)).files


async def test_pipeline_that_makes_too_few_images_fails_the_request_and_not_the_next(
    engine: DiffusersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_few(**_: Any) -> SimpleNamespace:
        return SimpleNamespace(images=[])

    with monkeypatch.context() as patched:
        patched.setattr(engine.pipelines, "pipeline", too_few)
        results = await asyncio.gather(draw(engine), draw(engine), return_exceptions=True)

    assert [result.status for result in results if isinstance(result, APIError)] == [500, 500]
    assert (await draw(engine)).files


async def test_failure_of_a_pass_fails_only_whom_it_concerns(engine: DiffusersEngine) -> None:
    pipelines = engine.pipelines

    def fail_dogs(jobs: Sequence[Job]) -> list[Any]:
        if any(job.prompt.positive == "a dog" for job in jobs):
            raise RuntimeError("kernel")
        return pipelines.draw(jobs)

    engine.queue.draw_pass = fail_dogs
    dog, *cats = await asyncio.gather(
        draw(engine, prompts=[{"positive": "a dog"}]),
        draw(engine),
        draw(engine),
        return_exceptions=True,
    )

    assert isinstance(dog, APIError)
    assert all(isinstance(cat, Reply) for cat in cats)


async def test_device_that_failed_makes_the_replica_unhealthy(engine: DiffusersEngine) -> None:
    def fail(_: Any) -> list[Any]:
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")

    await engine.check_health()
    engine.queue.draw_pass = fail
    with pytest.raises(APIError):
        await draw(engine)

    with pytest.raises(RuntimeError, match="device failed"):
        await engine.check_health()


async def test_image_that_the_models_checker_flags_is_kept_back(
    engine: DiffusersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flag(image: Any, *_: Any) -> tuple[Any, list[bool]]:
        return image, [True]

    monkeypatch.setattr(engine.pipelines.pipeline, "run_safety_checker", flag)

    with pytest.raises(ContentPolicyError):
        await draw(engine)


@pytest.mark.parametrize(
    ("change", "param", "says"),
    [
        ({"size": "65x64"}, "size", "multiples of 8 for this model, received '65x64'; the nearest"),
        ({"size": "8x64"}, "size", "from 64 to 1024"),
        ({"size": "1032x64"}, "size", "from 64 to 1024"),
        ({"step": 101}, "step", "from 1 to 100"),
        ({"quality": 0}, "quality", "from 1 to 100"),
        ({"clip_skip": 2}, "clip_skip", "from 0 to 1"),
    ],
)  # fmt: skip
async def test_what_the_model_cannot_do_is_refused(
    engine: DiffusersEngine, change: dict[str, Any], param: str, says: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        await draw(engine, **change)

    assert raised.value.param == param
    assert says in str(raised.value)


async def test_model_without_guidance_refuses_a_negative_prompt() -> None:
    engine = await load(pipeline_kwargs={"guidance_scale": 0.0})

    with pytest.raises(InvalidRequestError) as raised:
        await draw(engine, prompts=[{"positive": "a", "negative": "b"}])

    assert raised.value.param == "negative_prompt"
    await engine.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"engine_kwargs": {"torch_dtyp": "float16"}}, "Did you mean 'torch_dtype'"),
        ({"engine_kwargs": {"torch_dtype": "float7"}}, "'float7' is not one of float16"),
        ({"pipeline_kwargs": {"guidance": 1}}, "Did you mean 'guidance_scale'"),
        ({"pipeline_kwargs": {"width": 1}}, "decided by each request"),
        ({"default_size": "100x100"}, "default_size"),
        ({"model": "embedded/nothing"}, "No model directory"),
        ({"model": "embedded/chat"}, "diffusers cannot load"),
        ({"device": "cuda:0"}, "torch sees no GPU"),
    ],
)
async def test_wrong_options_are_named(options: dict[str, Any], says: str) -> None:
    if "device" in options and torch.cuda.is_available():
        options = {"device": "cuda:99"}
        says = "diffusers cannot load"

    with pytest.raises(ModelLoadError) as raised:
        await load(**options)

    assert says in str(raised.value)
