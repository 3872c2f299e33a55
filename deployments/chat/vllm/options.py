# pyright: standard
"""Turns a chat model's ``engine_kwargs`` into vLLM's argument objects, checked."""

import dataclasses
import difflib
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from vllm import AsyncEngineArgs
from vllm.config import StructuredOutputsConfig
from vllm.entrypoints.launchers.cli_args import BaseFrontendArgs, make_arg_parser
from vllm.platforms import current_platform
from vllm.utils.argparse_utils import FlexibleArgumentParser
from vllm.v1.executor.uniproc_executor import UniProcExecutor

from deployments.chat.config import ChatConfig
from deployments.chat.vllm.adapters import adapter_options
from deployments.chat.vllm.causes import reason
from deployments.chat.vllm.media import media_limits
from deployments.chat.vllm.memory import cache_size
from deployments.chat.vllm.priority import BY_PRIORITY, with_spare_places
from deployments.chat.vllm.tool_calls import register_parsers
from deployments.config import PROJECT_ROOT, resolve_model
from wire.errors import ModelLoadError

RESERVED = frozenset({"lora_modules", "model", "served_model_name"})
"""Set from the model's own fields."""

FETCHES_NOTHING: dict[str, Any] = {"allowed_media_domains": ["nothing.invalid"]}
"""A URL in a prompt must not become a way into the network of the replicas: the ingress fetches."""

COUNTS_CACHED_TOKENS: dict[str, Any] = {"enable_prompt_tokens_details": True}
"""How much of a prompt was cached is in the usage, as OpenAI's clients expect it."""


HIDES_TOOLS: dict[str, Any] = {"exclude_tools_when_tool_choice_none": True}
"""A model calls the tools that it sees, also where it may not."""


def disable_statistics(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return that vLLM keeps no statistics, which nobody sees in a replica.

    They are a tenth of what a token costs outside the engine. ``disable_log_stats: false`` brings
    them back, into the replica's log; an answer's metrics are made of them.
    """
    return {"disable_log_stats": not options.get("enable_per_request_metrics")}


def choose_executor(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the executor that runs a single worker in the engine core, as on GPUs.

    Asked for by its name, vLLM would start a process for it on CPUs.
    """
    sizes = (options.get(f"{kind}_parallel_size") or 1 for kind in ("tensor", "pipeline", "data"))
    alone = current_platform.is_cpu() and all(size == 1 for size in sizes)
    return {"distributed_executor_backend": UniProcExecutor} if alone else {}


def find_template(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chat template of this project that the options name, as ``embedded/chat`` does.

    vLLM looks for it in the replica's working directory only.
    """
    name = options.get("chat_template")
    if isinstance(name, str) and name.startswith("embedded/"):
        return {"chat_template": str(PROJECT_ROOT / name)}
    return {}


STRUCTURED_OUTPUTS = "structured_outputs_config"
BACKEND = "xgrammar"
"""The only library for structured output that supports Homeport's grammars and the structural tags
of functions and forced calls.

vLLM's ``auto`` would choose one for each request; but an engine keeps the first that it started,
which after a schema that only another library reads fails every tag until the engine restarts.
"""
BACKENDS = ("auto", BACKEND)
"""What an operator may write. Both mean the same."""

WITHOUT_EFFECT = frozenset(
    {
        "enable_server_load_tracking",
        "enable_tokenizer_info_endpoint",
        "log_config_file",
        "logging_config",
        "media_io_kwargs",
        "sse_keep_alive_interval",
        "tokens_only",
        "enable_scale_out",
    }
)
"""Options of vLLM's own HTTP layer, and of its logging, which is Serve's here."""


def engine_arguments(
    config: ChatConfig, directory: str | None = None
) -> tuple[AsyncEngineArgs, Namespace]:
    """Return the engine's arguments and the namespace that vLLM's front end reads.

    ``directory`` has the model where that is not the one that the config names.

    Raises:
        ModelLoadError: an option is unknown or has a value that vLLM does not take.
    """
    register_parsers()
    options = (
        FETCHES_NOTHING
        | COUNTS_CACHED_TOKENS
        | HIDES_TOOLS
        | BY_PRIORITY
        | disable_statistics(config.engine_kwargs)
        | choose_executor(config.engine_kwargs)
        | cache_size(config.engine_kwargs)
        | adapter_options(config)
        | config.engine_kwargs
        | with_spare_places(config.engine_kwargs)
        | find_template(config.engine_kwargs)
        | media_limits(config)
    )
    engine_names = {field.name for field in dataclasses.fields(AsyncEngineArgs)}
    frontend_names = {field.name for field in dataclasses.fields(BaseFrontendArgs)}
    for name in options:
        _check_name(name, (engine_names | frontend_names) - RESERVED - WITHOUT_EFFECT)
    frontend = {name: options.pop(name) for name in frontend_names & options.keys()}
    _check_frontend(frontend)
    identity: dict[str, Any] = {
        "model": directory or resolve_model(config.model),
        "served_model_name": [config.model_id],
    }
    options[STRUCTURED_OUTPUTS] = _structured_outputs(options.get(STRUCTURED_OUTPUTS, {}))
    arguments = AsyncEngineArgs(**options, **identity)
    namespace = make_arg_parser(FlexibleArgumentParser()).parse_args([])
    assert namespace is not None
    for name, value in {**options, **frontend, **identity}.items():
        setattr(namespace, name, value)
    return arguments, namespace


def _check_name(name: str, known: set[str]) -> None:
    if name in known:
        return
    if name in RESERVED:
        raise ModelLoadError(f"engine_kwargs.{name} is set by the model's own fields.")
    if name in WITHOUT_EFFECT:
        raise ModelLoadError(f"engine_kwargs.{name} has no effect in Homeport.")
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise ModelLoadError(f"engine_kwargs.{name} is not an option of vLLM.{hint}")


def _check_frontend(frontend: dict[str, Any]) -> None:
    """Check values that vLLM would read only later, request by request."""
    types: dict[str, Any] = {
        field.name: field.type for field in dataclasses.fields(BaseFrontendArgs)
    }
    for name, value in frontend.items():
        try:
            TypeAdapter(types[name]).validate_python(value)
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise ModelLoadError(f"engine_kwargs.{name}: {problem}, got {value!r}.") from error


def _structured_outputs(options: Any) -> StructuredOutputsConfig:
    if isinstance(options, Mapping) and options.get("backend", "auto") == "auto":
        options = {**options, "backend": BACKEND}
    try:
        config = TypeAdapter(StructuredOutputsConfig).validate_python(options)
    except ValidationError as error:
        raise ModelLoadError(f"engine_kwargs.{STRUCTURED_OUTPUTS}: {reason(error)}.") from error
    if config.backend != BACKEND:
        raise ModelLoadError(
            f"engine_kwargs.{STRUCTURED_OUTPUTS}.backend: '{config.backend}' reads neither "
            "grammars nor forced calls as Homeport writes them; "
            f"allowed: {', '.join(BACKENDS)}."
        )
    return config
