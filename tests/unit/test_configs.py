"""Every shipped configuration is what Ray and our builders accept, before anyone pays for a GPU."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray._common.utils import import_attr
from ray._private.ray_constants import PROMETHEUS_SERVICE_DISCOVERY_FILE
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.serve._private.api import call_user_app_builder_with_args_if_necessary
from ray.serve._private.build_app import build_app
from ray.serve.schema import ServeApplicationSchema, ServeDeploySchema

from deployments.app import build
from operate.launch import METRICS_PORT
from serve_app.config import IngressConfig, check_exposure

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def load(path: Path) -> ServeDeploySchema:
    return ServeDeploySchema.model_validate(yaml.safe_load(path.read_text()))


APPLICATIONS = [
    pytest.param(app, id=f"{path.stem}-{app.name}")
    for path in CONFIGS
    for app in load(path).applications
]


def test_every_configuration_is_checked() -> None:
    assert [path.name for path in CONFIGS] == ["cpu.yaml", "local.yaml", "prod.yaml", "test.yaml"]


@pytest.mark.parametrize("app", APPLICATIONS)
def test_application_builds_and_its_overrides_fit(app: ServeApplicationSchema) -> None:
    builder = import_attr(app.import_path)
    bound = call_user_app_builder_with_args_if_necessary(builder, app.args)
    built = build_app(bound, name=app.name, route_prefix=app.route_prefix)

    deployments = {deployment.name: deployment for deployment in built.deployments}
    for override in app.deployments:
        options = override.model_dump(exclude_unset=True, exclude={"name"})
        deployments[override.name].options(**options)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_names_lead_to_one_model_each(path: Path) -> None:
    names = [
        name
        for app in load(path).applications
        if "model_id" in app.args
        for name in [app.args["model_id"], *app.args.get("aliases", [])]
    ]

    assert len(names) == len(set(names))
    assert "gpt-4o" in names


def models(path: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each model's args and the options of its deployment."""
    return [
        (app["args"], app["deployments"][0])
        for app in yaml.safe_load((ROOT / path).read_text())["applications"]
        if "model_id" in app["args"]
    ]


def language_models(path: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the same of the models of vLLM, which takes the share of the memory it is told."""
    return [model for model in models(path) if model[0]["kind"] == "chat"]


def test_prod_gives_a_tensor_parallel_model_as_many_gpus() -> None:
    for arguments, options in language_models("configs/prod.yaml"):
        gpus = options["ray_actor_options"]["num_gpus"]
        parallel = arguments["engine_kwargs"].get("tensor_parallel_size", 1)
        assert gpus == parallel if parallel > 1 else 0 < gpus <= 1


def test_prod_models_that_share_a_gpu_fit_into_its_memory() -> None:
    shares = [
        (options["ray_actor_options"]["num_gpus"], arguments["engine_kwargs"])
        for arguments, options in language_models("configs/prod.yaml")
        if options["ray_actor_options"]["num_gpus"] < 1
    ]

    assert sum(gpus for gpus, _ in shares) <= 1
    assert sum(engine["gpu_memory_utilization"] for _, engine in shares) < 0.95


def test_prod_has_a_model_that_scales_to_zero() -> None:
    scaling = [options["autoscaling_config"] for _, options in models("configs/prod.yaml")]

    assert any(config["min_replicas"] == 0 for config in scaling)


def test_prod_does_not_start_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOMEPORT_API_KEYS", raising=False)
    prod = load(ROOT / "configs/prod.yaml")
    details = {"http_options": prod.http_options.model_dump()}

    with pytest.raises(ValueError, match=r"0\.0\.0\.0.*HOMEPORT_API_KEYS"):
        check_exposure(IngressConfig(), IngressConfig().api_keys(), details)


def test_local_may_start_without_keys() -> None:
    local = load(ROOT / "configs/local.yaml")

    check_exposure(IngressConfig(), frozenset(), {"http_options": local.http_options.model_dump()})


def test_cluster_is_what_rays_launcher_accepts() -> None:
    cluster = yaml.safe_load((ROOT / "cluster.yaml").read_text())

    validate_config(prepare_config(cluster))


def test_cluster_has_a_node_for_every_model_of_prod() -> None:
    types = yaml.safe_load((ROOT / "cluster.yaml").read_text())["available_node_types"].values()
    for _, options in models("configs/prod.yaml"):
        wanted = options["ray_actor_options"]
        assert any(
            node["resources"].get(f"accelerator_type:{wanted['accelerator_type']}")
            and node["resources"]["GPU"] >= wanted["num_gpus"]
            and node["resources"]["CPU"] >= wanted["num_cpus"]
            for node in types
        )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "telepathy"}, "'telepathy' is not one of chat"),
        ({"kind": None}, "is not one of chat"),
        ({"max_request": 3}, "max_request: Extra inputs are not permitted"),
        ({"model": ""}, "model: String should have at least 1 character"),
        ({"model_id": "a b"}, "model_id"),
        ({"backend": "llama"}, "backend: Input should be 'vllm'"),
        ({"aliases": [""]}, "an alias must not be empty"),
    ],
)
def test_wrong_model_arguments_are_named(change: dict[str, Any], says: str) -> None:
    arguments = {"kind": "chat", "model_id": "m", "model": "x"} | change

    with pytest.raises(ValueError) as raised:
        build(arguments)

    assert says in str(raised.value)


def test_metrics_have_the_same_port_everywhere() -> None:
    page = (ROOT / "docs/guide/operations.md").read_text()
    alone, cluster = map(yaml.safe_load, re.findall(r"^```yml\n(.*?)^```", page, re.M | re.S))

    (job,) = alone["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"localhost:{METRICS_PORT}"]}]
    (job,) = cluster["scrape_configs"]
    (found,) = job["file_sd_configs"]
    assert found["files"] == [f"/tmp/ray/{PROMETHEUS_SERVICE_DISCOVERY_FILE}"]
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    for role in ("head", "worker"):
        (start,) = [each for each in config[f"{role}_start_ray_commands"] if "ray start" in each]
        assert f"--metrics-export-port={METRICS_PORT}" in start
    assert f"http://localhost:{METRICS_PORT}/metrics" in page
