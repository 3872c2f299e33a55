# pyright: standard
"""Runs `ray.serve.llm`'s OpenAI application until it is interrupted.

python -m bench.contenders.ray_serve_llm_app settings.json
"""

import json
import sys
from pathlib import Path

import ray
from ray import serve
from ray.serve.llm import build_openai_app

LOGICAL_CPUS = 16
"""For scheduling only: its replicas request more than a small machine has."""


def main() -> None:
    """Start Ray and Serve, then the application."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    ray.init(address="local", num_cpus=LOGICAL_CPUS, log_to_driver=False)
    serve.start(
        proxy_location="HeadOnly", http_options={"host": "127.0.0.1", "port": settings["port"]}
    )
    serve.run(build_openai_app(settings["config"]), blocking=True)


if __name__ == "__main__":
    main()
