"""Models by their names on a hub, which is a server on loopback with the hub's protocol."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import constants

from deployments import hub as hub_client
from deployments.config import PROJECT_ROOT
from tests.support.hub import Hub, Repository, run_hub
from tests.support.load_models import load_models
from tests.support.tiny_coqui import make_xtts
from tests.support.tiny_encoders import (
    make_tiny_cross_encoder,
    make_tiny_decoder_embedder,
    make_tiny_embedder,
    make_tiny_xlm_roberta,
)
from tests.support.tiny_model import make_tiny_qwen
from tests.support.tiny_sdxl import make_tiny_sdxl
from tests.support.tiny_whisper import make_multilingual_whisper, make_tiny_whisper
from tests.support.waiting import wait_until

TOKEN = "hf_right"
CHUNK = constants.DOWNLOAD_CHUNK_SIZE
"""The client keeps what it has received in pieces of 10 MiB."""
OPTIONS = {"device": "cpu", "compute_type": "int8", "cpu_threads": 1}
REPOSITORIES = {"whisper-large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo"}
"""Of models that their library has another name for."""
WHISPER = {"kind": "transcriptions", "model_id": "whisper", "engine_kwargs": OPTIONS}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with run_hub() as hub:
        yield hub


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(make_tiny_whisper(tmp_path_factory.mktemp("whisper")))


def environment(hub: Hub, home: Path, **more: str) -> dict[str, str]:
    return {"HF_ENDPOINT": hub.url, "HF_HOME": str(home), "HF_TOKEN": "", **more}


def arguments_of(config: str, kind: str) -> dict[str, Any]:
    """Return the ``args`` of the first model of a kind in a configuration."""
    return next(each for each in arguments_of_all(config) if each["kind"] == kind)


def arguments_of_all(config: str) -> list[dict[str, Any]]:
    """Return the ``args`` of all models of a configuration."""
    applications = yaml.safe_load((PROJECT_ROOT / config).read_text())["applications"]
    return [app["args"] for app in applications if "kind" in app["args"]]


@pytest.mark.timeout(170)
def test_models_of_the_cpu_configuration_load_by_their_names(
    hub: Hub, tmp_path: Path, whisper: Path
) -> None:
    models = [
        arguments_of("configs/cpu.yaml", kind)
        for kind in ("embeddings", "rerank", "images", "transcriptions")
    ]
    embedder = make_tiny_embedder(tmp_path / "embedder")
    ranker = make_tiny_cross_encoder(tmp_path / "ranker")
    checkpoints = (embedder, ranker, PROJECT_ROOT / "embedded/images", whisper)
    for arguments, checkpoint in zip(models, checkpoints, strict=True):
        hub.repositories[arguments["model"]] = Repository(checkpoint)
    models[0]["dimensions"] = [32]
    gated = {**models[0], "model": "org/gated"}
    hub.repositories["org/gated"] = Repository(embedder, token=TOKEN)
    images = {**models[2], "model": "org/nothing"}

    *loaded, refused, unknown = load_models(
        [*models, gated, images], environment(hub, tmp_path / "home")
    )

    assert loaded == ["loaded"] * 4
    assert "'org/gated' (revision 'main') cannot be loaded" in refused
    assert "it is gated: accept its terms" in refused
    assert "'org/nothing' (revision 'main') cannot be loaded" in unknown


@pytest.mark.timeout(170)
def test_chat_model_of_the_cpu_configuration_loads_by_its_name(hub: Hub, tmp_path: Path) -> None:
    arguments = arguments_of("configs/cpu.yaml", "chat")
    checkpoint = make_tiny_qwen(tmp_path / "qwen3", "qwen3", context_length=8192)
    hub.repositories[arguments["model"]] = Repository(checkpoint)
    hub.repositories["org/gated"] = Repository(checkpoint, token=TOKEN)

    refused, loaded = load_models(
        [{**arguments, "model": "org/gated"}, arguments],
        environment(hub, tmp_path / "home", VLLM_CPU_KVCACHE_SPACE="1", OMP_NUM_THREADS="1"),
    )

    assert "'org/gated' (revision 'main') cannot be loaded" in refused
    assert "it is gated" in refused
    assert loaded == "loaded"
    assert hub.ranges_of("model.safetensors").count(None) == 1  # others read its header


@pytest.mark.timeout(300)
def test_models_of_the_production_configuration_load_by_their_names(
    hub: Hub, tmp_path: Path
) -> None:
    """On a CPU, and each in the shape of its architecture: the rest is as it is configured."""
    models = {each["model_id"]: _for_cpu(each) for each in arguments_of_all("configs/prod.yaml")}
    speech = models["xtts-v2"]
    speakers = [voice["speaker"] for voice in speech["voices"]]
    qwen3 = make_tiny_qwen(tmp_path / "qwen3", "qwen3", context_length=32768)
    checkpoints = {
        "qwen3-32b": qwen3,
        "qwen3-4b": qwen3,
        "qwen2.5-coder-1.5b": make_tiny_qwen(tmp_path / "qwen2", "qwen2", context_length=16384),
        "qwen3-embedding-0.6b": make_tiny_decoder_embedder(tmp_path / "embedder", qwen3),
        "bge-reranker-v2-m3": make_tiny_xlm_roberta(tmp_path / "ranker", context_length=4096),
        "stable-diffusion-xl": make_tiny_sdxl(tmp_path / "sdxl", "fp16"),
        "whisper-large-v3-turbo": Path(make_multilingual_whisper(tmp_path / "whisper")),
    }
    for model_id, checkpoint in checkpoints.items():
        repository = REPOSITORIES.get(model_id) or models[model_id]["model"]
        hub.repositories[repository] = Repository(checkpoint)
    # Coqui has a catalogue of its own.
    speech["model"] = str(make_xtts(tmp_path / "xtts", speakers, speech["languages"]))
    models["qwen3-embedding-0.6b"]["dimensions"] = [64, 32]

    results = load_models(
        list(models.values()),
        environment(hub, tmp_path / "home", VLLM_CPU_KVCACHE_SPACE="1", OMP_NUM_THREADS="1"),
    )

    assert dict(zip(models, results, strict=True)) == dict.fromkeys(models, "loaded")


def _for_cpu(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the ``args`` of a model without what needs a GPU."""
    options = {
        name: "cpu" if name == "device" else value
        for name, value in arguments.get("engine_kwargs", {}).items()
        if name not in ("tensor_parallel_size", "distributed_executor_backend", "compute_type")
    }
    return {**arguments, "engine_kwargs": options}


def test_gated_model_loads_with_its_token_and_from_the_cache_without_the_hub(
    hub: Hub, tmp_path: Path, whisper: Path
) -> None:
    model = {**WHISPER, "model": "org/gated"}
    hub.repositories["org/gated"] = Repository(whisper, token=TOKEN)

    def load(**more: str) -> str:
        return load_models([model], environment(hub, tmp_path, **more))[0]

    assert "it is gated: accept its terms on its page, and set HF_TOKEN" in load()
    assert "it is gated" in load(HF_TOKEN="hf_wrong")
    assert load(HF_TOKEN=TOKEN) == "loaded"
    hub.requests.clear()
    assert load(HF_HUB_OFFLINE="1") == "loaded"
    assert hub.requests == []


def test_each_failure_of_the_hub_is_one_line_with_what_to_do(
    hub: Hub, tmp_path: Path, whisper: Path
) -> None:
    hub.repositories["org/whisper"] = Repository(whisper)
    there = {**WHISPER, "model": "org/whisper"}
    other_revision = {
        **there,
        "engine_kwargs": {**OPTIONS, "revision": "v2"},
    }

    unknown, revision = load_models(
        [{**WHISPER, "model": "org/nothing"}, other_revision], environment(hub, tmp_path)
    )
    offline = load_models([there], environment(hub, tmp_path, HF_HUB_OFFLINE="1"))[0]
    hub.missing.add("model.bin")
    missing = load_models([there], environment(hub, tmp_path))[0]
    unreachable = load_models(
        [there], {**environment(hub, tmp_path / "other"), "HF_ENDPOINT": "http://127.0.0.1:9"}
    )[0]

    assert "'org/nothing' (revision 'main') cannot be loaded" in unknown
    assert "no such model, or it is private" in unknown
    assert "'org/whisper' (revision 'v2') cannot be loaded" in revision
    assert "no such revision: set engine_kwargs.revision" in revision
    assert "HF_HUB_OFFLINE is set and the cache" in offline
    assert "a file is missing there: model.bin" in missing
    assert "the hub cannot be reached: check the network" in unreachable
    results = (unknown, revision, offline, missing, unreachable)
    assert not any("\n" in result for result in results)


def test_revision_is_the_one_that_the_configuration_names(
    hub: Hub, tmp_path: Path, whisper: Path
) -> None:
    tagged = tmp_path / "tagged"
    shutil.copytree(whisper, tagged)
    broken = tmp_path / "broken"
    broken.mkdir()
    hub.repositories["org/whisper"] = Repository(broken, revisions={"v2": tagged})
    model = {**WHISPER, "model": "org/whisper"}
    model["engine_kwargs"] = {**OPTIONS, "revision": "v2"}

    assert load_models([model], environment(hub, tmp_path / "home")) == ["loaded"]


def test_interrupted_download_continues_where_it_ended(
    hub: Hub, tmp_path: Path, whisper: Path
) -> None:
    large = tmp_path / "large"
    shutil.copytree(whisper, large)
    with (large / "tokenizer.json").open("a") as file:
        file.write(" " * 2 * CHUNK)
    hub.repositories["org/whisper"] = Repository(large)
    hub.cut_after["tokenizer.json"] = CHUNK * 3 // 2

    results = load_models([{**WHISPER, "model": "org/whisper"}], environment(hub, tmp_path))

    assert results == ["loaded"]
    assert hub.ranges_of("tokenizer.json") == [None, f"bytes={CHUNK}-"]


def test_growth_of_a_download_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hub_client, "REPORT_INTERVAL_S", 0.01)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    blobs = tmp_path / "models--org--large" / "blobs"
    blobs.mkdir(parents=True)

    def grow() -> bool:
        with (blobs / "weights.incomplete").open("ab") as file:
            file.write(bytes(2**20))
        return "downloading org/large: 0." in caplog.text

    with caplog.at_level("INFO"), hub_client.watch_hub("org/large", "main"):
        wait_until(grow, 10)
