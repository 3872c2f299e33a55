import json
from pathlib import Path
from typing import Any

import pytest

from bench.accounting import Process, Snapshot, cpu_between, role_of_vllm, role_on_serve
from bench.checks import read_stream
from bench.client.figures import percentile
from bench.client.job import Flow, Job
from bench.client.wire import Answer, Events, request
from bench.contenders.vllm_serve import engine_flags
from bench.kinds.bare import LIBRARIES
from bench.kinds.workloads import FORM, LENGTHS, LOADS, form, texts
from bench.lineup import tables
from bench.play import Outcome, in_order
from bench.random_model import on_a_gpu
from bench.report import machine, record, write
from bench.stage import Options, outside
from bench.summary import Summary, compare, number, with_spread
from bench.tables import Sample
from bench.tables.mixed import Mixed
from deployments.app import KINDS

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
WORD = b'data: {"choices":[{"delta":{"content":"a \\"content\\":\\"b"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
STREAM = ROLE + WORD + WORD + DONE


def encode_chunks(*chunks: bytes) -> bytes:
    """Return chunks as HTTP/1.1 sends them, the last one included."""
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def read(data: bytes, step: int) -> tuple[Answer, bytes]:
    """Read an answer in reads of so many bytes."""
    answer = Answer()
    body = b"".join(answer.feed(data[at : at + step]) for at in range(0, len(data), step))
    return answer, body


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50, 10_000])
def test_answer_in_chunks_is_read_alike_however_it_is_cut(step: int) -> None:
    answer, body = read(HEAD + encode_chunks(ROLE + WORD[:9], WORD[9:] + WORD, DONE), step)

    assert (answer.status, answer.done, body) == (200, True, STREAM)


@pytest.mark.parametrize("step", [1, 5, 10_000])
def test_answer_with_a_length_ends_there(step: int) -> None:
    answer, body = read(b"HTTP/1.1 429 Too Many\r\ncontent-length: 4\r\n\r\nbusy", step)

    assert (answer.status, answer.done, body) == (429, True, b"busy")


def test_answer_without_a_length_is_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        Answer().feed(b"HTTP/1.0 200 OK\r\n\r\n")


@pytest.mark.parametrize("step", [1, 4, 31, 10_000])
def test_only_events_with_text_count_however_they_are_cut(step: int) -> None:
    events = Events()

    counts = [events.feed(STREAM[at : at + step]) for at in range(0, len(STREAM), step)]

    assert (sum(counts), events.contents, events.finished) == (2, 2, True)


def test_stream_without_its_end_is_not_finished() -> None:
    events = Events()

    events.feed(ROLE + WORD)

    assert not events.finished


def test_request_is_one_post_on_an_open_connection() -> None:
    sent = request("http://127.0.0.1:8000/v1/x", b"{}", "application/json")

    assert sent.startswith(b"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n")
    assert sent.endswith(b"Content-Length: 2\r\n\r\n{}")


def test_job_survives_the_pipe() -> None:
    job = Job((Flow("http://127.0.0.1:1/x", b"\x00\xff", 3, stream=True),), 5, warmup_s=1)

    assert Job.from_line(job.to_line()) == job


@pytest.mark.parametrize(
    ("url", "callers", "seconds", "reason"),
    [
        ("http://example.com/x", 1, 1, "this machine"),
        ("http://127.0.0.1/x", 100_000, 1, "callers"),
        ("http://127.0.0.1/x", 1, 1e6, "longer"),
    ],
)
def test_job_beyond_the_limits_is_refused(
    url: str, callers: int, seconds: float, reason: str
) -> None:
    line = Job((Flow(url, b"", callers),), seconds).to_line()

    with pytest.raises(ValueError, match=reason):
        Job.from_line(line)


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(value) for value in range(100, 0, -1)]

    assert [percentile(values, share) for share in (0.5, 0.99, 1)] == [50, 99, 100]
    assert percentile([7.0], 0.99) == 7


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("VLLM::EngineCore", "engine"),
        ("VLLM::Worker", "engine"),
        ("ray::ServeReplica:ingress:Ingress", "ingress"),
        ("ray::ServeReplica:chat:ChatDeployment", "replica"),
        ("ray::ProxyActor", "proxy"),
        ("ray::HAProxyManager", "proxy"),
        ("/somewhere/bin/haproxy -dS -f haproxy.cfg", "proxy"),
        ("ray::ServeController", "ray"),
        ("/somewhere/raylet --store_socket_name=haproxy", "ray"),
        ("python -m operate.launch configs/local.yaml", "ray"),
    ],
)
def test_process_on_serve_has_its_role(title: str, role: str) -> None:
    assert role_on_serve(title, "Ingress") == role


def test_server_of_one_program_is_api_and_engine() -> None:
    assert role_of_vllm("python -m vllm.entrypoints.cli.main serve x") == "api"
    assert role_of_vllm("VLLM::Worker") == "engine"


def test_cpu_time_counts_new_processes_whole_and_old_ones_from_the_first_look() -> None:
    def at(*processes: Process) -> Snapshot:
        return Snapshot(0, processes, 0, 0)

    before = at(Process(1, 100, "engine", 5.0), Process(2, 100, "ray", 9.0))
    after = at(Process(1, 100, "engine", 7.5), Process(2, 200, "ray", 0.5))

    cpu = cpu_between(before, after)

    assert (cpu["engine"], cpu["ray"], cpu["api"]) == (2.5, 0.5, 0)


def test_cpu_outside_of_the_engine_is_told_with_and_without_daemons() -> None:
    cpu = {"engine": 200.0, "api": 0.0, "ingress": 30, "replica": 50, "proxy": 20, "ray": 100}

    assert outside(cpu) == {"path_per_engine": 0.5, "all_per_engine": 1.0}


def test_stream_tells_its_text_its_tokens_and_its_end() -> None:
    usage = b'data: {"choices":[],"usage":{"completion_tokens":2}}\n\n'

    whole = read_stream(ROLE + WORD + usage + DONE)

    assert whole == ('a "content":"b', 2, True)
    assert read_stream(ROLE + WORD)[2] is False


def test_options_are_given_to_vllm_as_on_its_command_line() -> None:
    flags = engine_flags({"enforce_eager": True, "max_num_seqs": 64})

    assert flags == ["--enforce-eager", "--max-num-seqs", "64"]


def test_numbers_are_written_with_the_digits_that_mean_something() -> None:
    assert [number(value) for value in (2213.4, 22.134, 0.2213, 0, None)] == [
        "2213",
        "22.1",
        "0.22",
        "0",
        "–",
    ]


def test_spread_is_told_of_more_than_one_round() -> None:
    assert with_spread([1.0]) == "1.00"
    assert with_spread([3.0, 1.0, 2.0]) == "2.00 (1.00–3.00)"


def test_ratio_is_taken_within_a_round() -> None:
    samples = [
        Sample(contender, turn, "8", {"units_per_s": value})
        for contender, values in {"ours": (100, 300), "theirs": (50, 100)}.items()
        for turn, value in enumerate(values)
    ]

    table = compare(Summary(samples), "streams", "units_per_s")

    assert table[0] == "| streams | ours | theirs | ÷ |"
    assert table[2] == "| 8 | 200 | 75.0 | 2.50 (2.00–3.00) |"


def test_every_kind_is_measured_against_its_bare_library() -> None:
    # Chat stands beside whole servers, which have its engine in them.
    assert {load.kind for load in LOADS} == set(LIBRARIES) == set(KINDS) - {"chat"}


def test_texts_of_many_callers_have_all_lengths_in_equal_shares() -> None:
    lengths = [len(text.split()) for text in texts(32)]

    assert {lengths.count(length) for length in LENGTHS} == {8}


def test_form_of_a_recording_is_what_a_server_reads() -> None:
    from email import message_from_bytes

    head = f"Content-Type: {FORM}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + form(b"RIFF...")).get_payload()

    named = {part.get_param("name", header="content-disposition"): part for part in parts}
    assert named["file"].get_payload(decode=True) == b"RIFF..."
    assert named["response_format"].get_payload(decode=True) == b"json"


def test_mixed_table_tells_what_each_kind_keeps() -> None:
    figures = {"server": 10.0, "mixed_server": 4.0, "latency_ms_p50": 5.0, "latency_ms_p99": 6.0}

    lines = Mixed().markdown([Sample("Homeport", 1, "speech", figures)])

    assert any(
        "| speech | 10.0 | 4.00 | 0.40 | seconds of audio/s | 5.00 / 6.00" in x for x in lines
    )


def test_contender_of_several_tables_is_started_once_a_round() -> None:
    names = [contender.name for contender in in_order(list(tables().values()))]

    assert len(names) == len(set(names))
    assert names[:2] == ["Homeport", "vllm serve"]


def test_gpu_run_has_the_tables_of_chat_with_the_larger_model(tmp_path: Path) -> None:
    config = on_a_gpu(tmp_path / "random")

    assert list(tables(config=config)) == ["start", "chat", "unary"]
    shape = json.loads((tmp_path / "random" / "config.json").read_text())
    assert shape["hidden_size"] * shape["num_hidden_layers"] == 4096 * 32
    assert not list((tmp_path / "random").glob("*.safetensors"))


@pytest.fixture
def samples() -> dict[str, list[Sample]]:
    """Return samples of each table that writes itself from few figures."""
    cpu = {f"cpu_us_{role}": 100.0 for role in ("engine", "ingress")}
    streams = {"units_per_s": 2000.0, "first_ms_p50": 20.0, "gap_ms_p99": 9.0, **cpu}
    return {
        "chat": [
            Sample(name, 1, cell, streams) for name in ("Homeport", "x") for cell in ("1", "8")
        ],
        "start": [Sample("Homeport", 1, "idle", {"first_token_s": 41.0})],
        "kinds": [Sample("Homeport", 1, "speech, 8", {"server": 30.0, "bare": 40.0})],
    }


def test_report_has_ratios_picture_machine_and_day(
    tmp_path: Path, samples: dict[str, list[Sample]]
) -> None:
    results = {name: record(Outcome(found), Options()) for name, found in samples.items()}

    report = write(results, tables(), tmp_path)

    assert "| 8 | 2000 | 2000 | 1.00 |" in report
    assert "| speech | 8 | 30.0 | 40.0 | 0.75 | seconds of audio/s |" in report
    assert "| Homeport | 41.0 |" in report
    assert f"{machine()['cores']} cores" in report
    assert "torch 2.13.0" in report
    assert results["chat"]["date"] in report
    assert "Homeport" in (tmp_path / "chat.svg").read_text()


def test_run_of_one_table_leaves_the_others_as_they_were(
    tmp_path: Path, samples: dict[str, list[Sample]]
) -> None:
    every = tables()
    write({"start": record(Outcome(samples["start"]), Options())}, every, tmp_path)

    report = write({"kinds": record(Outcome(samples["kinds"]), Options())}, every, tmp_path)

    assert "| Homeport | 41.0 |" in report
    assert set(json.loads((tmp_path / "results.json").read_text())) == {"start", "kinds"}


def test_wrong_answer_is_told_above_its_table(
    tmp_path: Path, samples: dict[str, list[Sample]]
) -> None:
    outcome = Outcome(samples["start"], ["vllm serve: no answer"])

    report = write({"start": record(outcome, Options())}, tables(), tmp_path)

    assert "**Wrong: vllm serve: no answer**" in report
