"""A job of the load generator, its encoding for the pipe, and its limits."""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_CONNECTIONS = 1024
LONGEST_S = 600.0


@dataclass(frozen=True, slots=True)
class Flow:
    """One kind of request, sent repeatedly by a number of callers, each after its last answer."""

    url: str
    body: bytes
    callers: int
    units: float = 1
    """Units of one complete answer: tokens, images, seconds of audio …"""
    stream: bool = False
    """Whether the answer is server-sent events; each one with content is a part of its units."""
    content_type: str = "application/json"
    key: str = ""
    """API key, where the server wants one."""
    most_requests: int = 0
    """Total number of requests; 0 is as many as possible in the time."""
    keep: int = 0
    """How many answers to return completely, the first ones."""


@dataclass(frozen=True, slots=True)
class Job:
    """Flows that run concurrently. Only the window after the warm-up counts."""

    flows: tuple[Flow, ...]
    seconds: float
    warmup_s: float = 0
    drain_s: float = 60
    """Maximum time for the last answers."""

    def to_line(self) -> str:
        """Return the job as one line of JSON."""
        job = asdict(self)
        for flow in job["flows"]:
            flow["body"] = base64.b64encode(flow["body"]).decode()
        return json.dumps(job)

    @classmethod
    def from_line(cls, line: str) -> "Job":
        """Return the job that a line describes.

        Raises:
            ValueError: it addresses another machine, or exceeds a limit.
        """
        fields: dict[str, Any] = json.loads(line)
        for flow in fields["flows"]:
            flow["body"] = base64.b64decode(flow["body"])
        flows = tuple(Flow(**flow) for flow in fields["flows"])
        job = cls(flows, fields["seconds"], fields["warmup_s"], fields["drain_s"])
        for flow in flows:
            if urlsplit(flow.url).hostname not in LOOPBACK:
                raise ValueError(f"Only servers on this machine are asked, not {flow.url}")
        if sum(flow.callers for flow in flows) > MOST_CONNECTIONS:
            raise ValueError(f"No more than {MOST_CONNECTIONS} callers at once")
        if job.warmup_s + job.seconds + job.drain_s > LONGEST_S:
            raise ValueError(f"No job longer than {LONGEST_S:.0f} s")
        return job
