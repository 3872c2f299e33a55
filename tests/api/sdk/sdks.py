"""The SDKs whose methods are called, and which of them are not served."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

import anthropic
import elevenlabs
import httpx
import httpx2
import openai
from elevenlabs.core.api_error import ApiError

from tests.api.sdk import anthropic_messages, elevenlabs_audio, openai_inference, openai_storage
from tests.api.sdk.model import create_sdk_api
from tests.support.scripted_model import KEY
from tests.support.sdk_calls import Calls, Parameters, find_methods
from tests.support.sync_client import connect_synchronously

Group = Callable[[Calls], None]


@dataclass(frozen=True, eq=False)
class Sdk:
    """An SDK, the calls of its methods, and the methods that are not called."""

    name: str
    package: str
    """The distribution on PyPI."""
    resources: str
    """The beginning of the names of its resources' modules."""
    http: Any
    """The HTTP library of its clients."""
    refusal: type[Exception]
    connect: Callable[[Any], Any]
    """Returns its client over an HTTP client."""
    connect_async: Callable[[], Any]
    groups: tuple[Group, ...]
    not_served: dict[str, str]
    """Beginnings of methods that are not called, and the reason."""

    @property
    def version(self) -> str:
        """The installed version."""
        return version(self.package)

    def find_served(self) -> dict[str, Parameters]:
        """Return the methods that are served, with their parameters."""
        return _find_served(find_methods(self.connect(None), self.resources), self.not_served)

    def find_served_async(self) -> dict[str, Parameters]:
        """Return the same of the asynchronous client."""
        return _find_served(find_methods(self.connect_async(), self.resources), self.not_served)


def _find_served(
    methods: dict[str, Parameters], not_served: dict[str, str]
) -> dict[str, Parameters]:
    return {
        method: parameters
        for method, parameters in methods.items()
        if not method.startswith(tuple(f"{prefix}." for prefix in not_served))
        and method not in not_served
    }


@cache
def record(sdk: Sdk, group: Group) -> Calls:
    """Return the outcomes of a group's calls."""
    ignored = [""]

    def note(answer: Any) -> None:
        ignored[0] = answer.headers.get("x-homeport-ignored", "")

    with connect_synchronously(create_sdk_api(), sdk.http) as http:
        http.event_hooks = {"response": [note]}
        calls = Calls(sdk.connect(http), sdk.refusal, lambda: ignored[0])
        group(calls)
    return calls


OPENAI = Sdk(
    "OpenAI",
    "openai",
    "openai.resources",
    httpx2,
    openai.APIStatusError,
    lambda http: openai.OpenAI(
        base_url="http://test/v1",
        api_key=KEY,
        http_client=http,
        max_retries=0,
        _strict_response_validation=True,
    ),
    lambda: openai.AsyncOpenAI(api_key=KEY),
    (
        openai_inference.call_chat,
        openai_inference.call_responses,
        openai_inference.call_media,
        openai_inference.call_vectors_and_models,
        openai_storage.call_files,
        openai_storage.call_vector_stores,
        openai_storage.call_batches,
        openai_storage.call_assistants,
        openai_storage.call_runs,
    ),
    {
        "admin": "organizations are administered at OpenAI",
        "audio.voice_consents": "voices come with the models",
        "audio.voices": "voices come with the models",
        "beta.agents": "OpenAI's own agents",
        "beta.chat": "the same as `chat`",
        "beta.chatkit": "OpenAI's own widgets",
        "beta.realtime": "no realtime sessions",
        "beta.responses": "the beta of `responses`",
        "containers": "no containers: code runs in a sandbox of the thread",
        "content_provenance_checks": "checks of OpenAI's own pictures",
        "decisions": "OpenAI's own model",
        "evals": "no evaluations",
        "fine_tuning": "no training",
        "live": "no realtime sessions",
        "realtime": "no realtime sessions",
        "responses.compact": "served; its user's messages have no place in the SDK's type",
        "responses.connect": "no WebSockets",
        "safety": "OpenAI's own service",
        "skills": "no skills",
        "videos": "no videos",
        "webhooks": "no webhooks",
    },
)
ANTHROPIC = Sdk(
    "Anthropic",
    "anthropic",
    "anthropic.resources",
    httpx2,
    anthropic.APIStatusError,
    lambda http: anthropic.Anthropic(
        base_url="http://test",
        api_key=KEY,
        http_client=http,
        max_retries=0,
        _strict_response_validation=True,
    ),
    lambda: anthropic.AsyncAnthropic(api_key=KEY),
    (
        anthropic_messages.call_messages,
        anthropic_messages.call_beta,
        anthropic_messages.call_models,
    ),
    {
        "beta.agents": "Anthropic's own agents",
        "beta.compliance": "organizations are administered at Anthropic",
        "beta.deployment_runs": "Anthropic's own agents",
        "beta.deployments": "Anthropic's own agents",
        "beta.dreams": "Anthropic's own agents",
        "beta.environments": "Anthropic's own agents",
        "beta.files": "no files of Anthropic's API",
        "beta.memory_stores": "Anthropic's own agents",
        "beta.messages.batches": "no batches of Anthropic's API",
        "beta.messages.thread": "no threads of Anthropic's API",
        "beta.organization": "organizations are administered at Anthropic",
        "beta.sessions": "Anthropic's own agents",
        "beta.skills": "no skills",
        "beta.tunnels": "Anthropic's own agents",
        "beta.user_profiles": "organizations are administered at Anthropic",
        "beta.vaults": "Anthropic's own agents",
        "beta.webhooks": "no webhooks",
        "files": "no files of Anthropic's API",
        "messages.batches": "no batches of Anthropic's API",
        "organization": "organizations are administered at Anthropic",
        "skills": "no skills",
        "user_profiles": "organizations are administered at Anthropic",
    },
)
ELEVENLABS = Sdk(
    "ElevenLabs",
    "elevenlabs",
    "elevenlabs",
    httpx,
    ApiError,
    lambda http: elevenlabs.ElevenLabs(base_url="http://test", api_key=KEY, httpx_client=http),
    lambda: elevenlabs.AsyncElevenLabs(api_key=KEY),
    (
        elevenlabs_audio.call_speech,
        elevenlabs_audio.call_transcriptions,
        elevenlabs_audio.call_voices,
    ),
    dict.fromkeys(
        (
            *("assets", "audio_effects", "audio_isolation", "audio_native", "conversational_ai"),
            *("dubbing", "environment_variables", "environments", "flows", "forced_alignment"),
            *("history", "music", "productions", "pronunciation_dictionaries", "samples"),
            *("service_accounts", "speech_engine", "speech_to_speech", "studio"),
            *("text_to_dialogue", "text_to_sound_effects", "text_to_voice", "tokens", "usage"),
            *("user", "webhooks", "workspace", "workspaces"),
        ),
        "another product of ElevenLabs",
    )
    | {
        "speech_to_text.realtime": "no WebSockets",
        "speech_to_text.transcripts": "transcripts are not stored",
        "text_to_speech.convert_realtime": "no WebSockets",
    }
    | {
        f"voices.{name}": "voices come with the models"
        for name in (
            *("accents", "collections", "delete", "find_similar_voices", "get_shared", "ivc"),
            *("pvc", "replicate_to_isolated_environment", "samples", "settings.update", "share"),
            "update",
        )
    },
)
SDKS = (OPENAI, ANTHROPIC, ELEVENLABS)
