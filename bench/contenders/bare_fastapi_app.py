# pyright: standard
"""FastAPI, uvicorn and vLLM's serving layer in one process, and nothing else.

python -m bench.contenders.bare_fastapi_app PORT MODEL [OPTION OF VLLM ...]
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.entrypoints.launchers.api_server.app_state import init_app_state
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.utils.argparse_utils import FlexibleArgumentParser
from vllm.v1.engine.async_llm import AsyncLLM

from bench.contenders import MODEL


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Hold the engine while the application runs."""
    model, *options = sys.argv[2:]
    parser = make_arg_parser(FlexibleArgumentParser())
    arguments = parser.parse_args(["--model", model, "--served-model-name", MODEL, *options])
    assert arguments is not None
    engine = AsyncLLM.from_engine_args(AsyncEngineArgs.from_cli_args(arguments))
    await init_app_state(engine, app.state, arguments, await engine.get_supported_tasks())
    yield
    engine.shutdown()


app = FastAPI(lifespan=lifespan)


@app.post("/v1/chat/completions")
async def chat(body: ChatCompletionRequest, request: Request) -> Response:
    """Answer a chat, whole or as a stream."""
    answer = await app.state.openai_serving_chat.create_chat_completion(body, request)
    if isinstance(answer, ErrorResponse):
        return Response(answer.model_dump_json(), answer.error.code)
    if body.stream:
        return StreamingResponse(answer, media_type="text/event-stream")
    return Response(answer.model_dump_json(), media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False)
