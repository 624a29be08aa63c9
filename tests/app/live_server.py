"""Real servers on a free port for tests, each in a thread of its own."""

import contextlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import soundfile
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from app.api.metrics import Metrics
from app.api.routes import openai_routes
from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.settings import ServiceConfig
from tests.app.tone_pipeline import TonePipeline

LONG_S = 30.0


@contextlib.contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """Serve until the end of the block; gives the address, such as http://127.0.0.1:40001."""
    server = uvicorn.Server(
        uvicorn.Config(app, "127.0.0.1", 0, log_level="warning", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(LONG_S)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a function says so."""
    until = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.005)


class Api:
    """A running server, its queue, and clients for it."""

    def __init__(self, url: str, queue: RunQueue, metrics: Metrics) -> None:
        self.url, self.queue, self.metrics = url, queue, metrics
        self.client = self.new_client()

    def new_client(self, key: str = "any") -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, timeout=LONG_S)

    def say(self, text: str = "Hello there.", **more: Any) -> bytes:
        asked = {"model": "colloquy", "voice": "anna", "response_format": "wav", **more}
        return self.client.audio.speech.create(input=text, **asked).content

    def post(self, path: str, content: Any, **more: Any) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return httpx.post(f"{self.url}/v1/audio/{path}", content=body, timeout=LONG_S, **more)


@contextlib.contextmanager
def serve_api(pool: PipelinePool, **settings: Any) -> Iterator[Api]:
    """Serve the HTTP API until the end of the block."""
    config = ServiceConfig(**settings)
    queue = RunQueue(config.runs_at_once, config.queue_length)
    metrics = Metrics(queue)
    try:
        with serve(Starlette(routes=openai_routes(pool, queue, config))) as url:
            yield Api(url, queue, metrics)
    finally:
        queue.close()


@contextlib.contextmanager
def held_before_mixing(pipeline: TonePipeline) -> Iterator[threading.Event]:
    """Let speech stand still before it is mixed until the event given is set."""
    may_end = threading.Event()

    def hold(stage: str) -> None:
        assert stage != "mix" or may_end.wait(LONG_S)

    pipeline.before_stage = hold
    try:
        yield may_end
    finally:
        may_end.set()


def seconds_of(wav: bytes) -> float:
    """How long a wav sounds."""
    return float(soundfile.info(io.BytesIO(wav)).duration)
