"""The chat engine on vLLM."""

import os

# Read by vLLM when it is imported. It must not report usage to anyone.
os.environ["VLLM_NO_USAGE_STATS"] = "1"
os.environ["VLLM_DO_NOT_TRACK"] = "1"
# vLLM's 4 are OpenAI's limit, but Anthropic has none.
os.environ.setdefault("VLLM_MAX_STOP_STRINGS", "64")
