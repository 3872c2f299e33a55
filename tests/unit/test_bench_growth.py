from pathlib import Path

import pytest
import yaml

from bench.accounting import INGRESS, PROXY, RAY, REPLICA, Process, Snapshot, cpu_between
from bench.contenders.growing import (
    CONTROLLER,
    MOST_STREAMS,
    Shape,
    applications,
    has_shape,
    role_of_growing,
)
from bench.tables import Sample
from bench.tables.growth import SHAPES, STREAMS, Growth

LOCAL = yaml.safe_load((Path(__file__).parents[2] / "configs" / "test.yaml").read_text())


def running(shape: Shape) -> dict[str, object]:
    """Return Serve's details of applications that have become what was asked for."""
    count = {"ingress": shape.ingresses, "speech": shape.replicas, "chat": 1}
    return {
        application["name"]: {
            "status": "RUNNING",
            "deployments": {
                "Root": {"replicas": []},
                "Model": {"replicas": [{"state": "RUNNING"}] * count.get(application["name"], 0)},
            },
        }
        for application in applications(LOCAL["applications"], shape)
    }


@pytest.mark.parametrize("shape", [*SHAPES.values(), Shape(chat=True)], ids=str)
def test_shape_is_what_is_deployed(shape: Shape) -> None:
    apps = {app["name"]: app for app in applications(LOCAL["applications"], shape)}

    assert len(apps) == 1 + shape.models + shape.chat
    assert apps["ingress"]["deployments"][0]["num_replicas"] == shape.ingresses
    assert apps["speech"]["deployments"][0]["num_replicas"] == shape.replicas
    ids = {app["args"]["model_id"] for name, app in apps.items() if name != "ingress"}
    assert len(ids) == shape.models + shape.chat
    if shape.chat:
        assert apps["chat"]["args"]["engine_kwargs"]["max_num_seqs"] == MOST_STREAMS


def test_shapes_leave_the_configuration_as_it_was() -> None:
    before = yaml.safe_dump(LOCAL)

    applications(LOCAL["applications"], Shape(4, 4, 10, chat=True))

    assert yaml.safe_dump(LOCAL) == before


def test_server_has_a_shape_when_all_of_it_runs_and_nothing_else() -> None:
    shape = Shape(ingresses=2, models=3)

    assert has_shape(running(shape), shape)
    assert not has_shape(running(Shape(ingresses=1, models=3)), shape)
    assert not has_shape(running(Shape(ingresses=2, models=4)), shape)
    assert not has_shape(running(Shape(ingresses=2, replicas=2, models=3)), shape)
    assert not has_shape({**running(shape), "speech": {"status": "DEPLOYING"}}, shape)


def test_controller_is_told_apart_from_rays_daemons() -> None:
    titles = {
        "ray::ServeController": CONTROLLER,
        "ray::ServeReplica:ingress:Ingress": INGRESS,
        "ray::ServeReplica:speech:SpeechDeployment": REPLICA,
        "ray::ProxyActor": PROXY,
        "gcs_server --log_dir=/x": RAY,
    }

    assert {title: role_of_growing(title) for title in titles} == titles


def test_cpu_time_of_processes_that_came_between_counts_whole() -> None:
    before = Snapshot(0, (Process(1, 10, INGRESS, 5), Process(2, 10, CONTROLLER, 1)), 0, 0)
    after = Snapshot(
        1,
        (Process(1, 10, INGRESS, 6), Process(2, 10, CONTROLLER, 1.5), Process(3, 20, INGRESS, 2)),
        0,
        0,
    )

    seconds = cpu_between(before, after)

    assert (seconds[INGRESS], seconds[CONTROLLER], seconds[RAY]) == (3, 0.5, 0)


def test_markdown_has_a_row_for_each_shape_and_number_of_streams() -> None:
    cells = [*SHAPES, *(f"{streams} streams" for streams in STREAMS)]
    samples = [Sample("Homeport, growing", 1, cell, {"units_per_s": 5}) for cell in cells]

    text = "\n".join(Growth().markdown(samples))

    for cell in cells:
        assert f"\n| {cell} | 5.00 |" in text
