"""The HTTP API: OpenAI's way to ask for speech, and one more for whole conversations."""

import asyncio
import base64
import contextlib
import functools
import hmac
import json
import logging
import math
import time
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from app.api.encoding import MEDIA_TYPES, chunks_of, encode_sound, events_of, size_of
from app.api.errors import ApiError
from app.api.requests import ApiOrder, model_ids, read_dialogue, read_speech
from app.backend.job import Run
from app.backend.job_queue import QueueClosedError, QueueFullError, RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.export.files import caption_text
from app.settings import ServiceConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.errors import CancelledError, ConfigError, ScriptError
from pipeline.synthesis.options import SynthesisOptions
from pipeline.waveform_to_dialogue.captions import caption_rows

logger = logging.getLogger(__name__)

DOOR = "api"
_GONE = 499
_MAX_NOTES_HEADER = 2_000

_Read = Callable[[PipelinePool, ServiceConfig, bytes], ApiOrder]
_Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    """A finished order: the sound as a file, or all of it as one JSON text."""

    sound: IO[bytes] | None
    content: bytes
    headers: Mapping[str, str]


def openai_routes(pool: PipelinePool, queue: RunQueue, config: ServiceConfig) -> list[BaseRoute]:
    """All routes under /v1, for `launch(app_kwargs={"routes": ...})`.

    Args:
        pool: speaks.
        queue: where all speech waits its turn.
        config: limits, and the key that clients must send.
    """
    api = _Api(pool, queue, config)
    routes: list[tuple[str, str, _Handler]] = [
        ("POST", "/v1/audio/speech", functools.partial(api.speak, read_speech)),
        ("POST", "/v1/audio/dialogue", functools.partial(api.speak, read_dialogue)),
        ("GET", "/v1/audio/voices", api.list_voices),
        ("GET", "/v1/models", api.list_models),
        ("GET", "/v1/models/{model}", api.show_model),
    ]
    rest = Route("/v1/{rest:path}", api.guarded(api.refuse), methods=["GET", "POST", "DELETE"])
    return [
        *(Route(path, api.guarded(handler), methods=[verb]) for verb, path, handler in routes),
        rest,
    ]


class _Api:
    """What answers the routes."""

    def __init__(self, pool: PipelinePool, queue: RunQueue, config: ServiceConfig) -> None:
        self._pool, self._queue, self._config = pool, queue, config
        self._begun = int(time.time())

    def guarded(self, handler: _Handler) -> _Handler:
        """A handler that asks for the key first, and whose errors become answers."""

        async def answer(request: Request) -> Response:
            try:
                self._check_key(request)
                return await handler(request)
            except Exception as error:  # noqa: BLE001 - the one place where it becomes an answer
                return self._as_api_error(error).answer()

        return answer

    async def speak(self, read: _Read, request: Request) -> Response:
        """Speak what is asked for, when its turn has come, unless the client goes before."""
        body = await request.body()
        order = await run_in_threadpool(read, self._pool, self._config, body)
        work = functools.partial(_speak_order, self._pool, order)
        run = self._queue.submit(work, order.expected_s, door=DOOR)
        return _answer(order, await _finished(request, run))

    async def list_voices(self, request: Request) -> Response:
        """Names and descriptions."""
        names = await run_in_threadpool(self._pool.voice_names)
        built_in = self._pool.shared.voices
        rows = [
            {
                "id": name,
                "object": "voice",
                "name": name,
                "description": built_in[name].description if name in built_in else "",
                "built_in": name in built_in,
            }
            for name in names
        ]
        return JSONResponse({"object": "list", "data": rows})

    async def list_models(self, request: Request) -> Response:
        """The one model there is, by its names."""
        rows = [self._model(name) for name in model_ids(self._config)]
        return JSONResponse({"object": "list", "data": rows})

    async def show_model(self, request: Request) -> Response:
        """One name of it."""
        name = str(request.path_params["model"])
        if name not in model_ids(self._config):
            raise ApiError(
                404,
                f"there is no model {name[:80]!r}; there is {model_ids(self._config)[0]!r}",
                param="model",
                code="model_not_found",
            )
        return JSONResponse(self._model(name))

    async def refuse(self, request: Request) -> Response:
        """Whatever else is asked for under /v1."""
        raise ApiError(
            404,
            f"there is no {request.method} {request.url.path[:80]}; there are POST "
            "/v1/audio/speech, POST /v1/audio/dialogue, GET /v1/audio/voices, GET /v1/models",
            code="unknown_url",
        )

    def _model(self, name: str) -> dict[str, object]:
        return {"id": name, "object": "model", "created": self._begun, "owned_by": "colloquy"}

    def _check_key(self, request: Request) -> None:
        if not self._config.api_key:
            return
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(key.strip().encode(), self._config.api_key.encode())
        if scheme.casefold() != "bearer" or not is_right:
            raise ApiError(
                401,
                "the API key is missing or wrong; send it as Authorization: Bearer KEY",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def _as_api_error(self, error: Exception) -> ApiError:
        if isinstance(error, ApiError):
            return error
        if isinstance(error, QueueFullError):
            after = {"Retry-After": str(max(1, math.ceil(error.wait_s)))}
            return ApiError(429, str(error), code="queue_full", headers=after)
        if isinstance(error, QueueClosedError):
            return ApiError(503, str(error), code="server_stopping")
        if isinstance(error, ScriptError | ConfigError):
            return ApiError(400, str(error), code="invalid_value")
        if isinstance(error, CancelledError):
            return ApiError(503, "the work was stopped; try again", code="cancelled")
        if isinstance(error, ClientDisconnect):
            return ApiError(_GONE, "the client has gone", code="cancelled")
        logger.error("a request of the HTTP API failed", exc_info=error)
        return ApiError(500, "something went wrong here; the server's log says what")


async def _finished(request: Request, run: Run[_Spoken]) -> _Spoken:
    """What a run gives; it is cancelled when its client goes, however that shows."""
    leaving = asyncio.create_task(_cancel_when_gone(request, run))
    try:
        async with contextlib.aclosing(run.watch(interval_s=1.0)) as changes:
            async for _ in changes:
                pass
    finally:
        leaving.cancel()
        run.cancel()
    return run.result(0.0)


async def _cancel_when_gone(request: Request, run: Run[_Spoken]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    run.cancel()


def _speak_order(pool: PipelinePool, order: ApiOrder, run: Run[_Spoken]) -> _Spoken:
    """The work of a run: speak, then encode."""
    options = SynthesisOptions(max_retakes=order.retakes)
    with pool.borrow() as pipeline:
        dialogue = pipeline.synthesize(
            order.script, order.voices, order.seed, options, run.progress
        )
    run.sound_s = dialogue.mix.duration_s
    sound = encode_sound(dialogue.mix, order.sound_format)
    headers = _headers(order, dialogue)
    if order.form != "json":
        return _Spoken(sound=sound, content=b"", headers=headers)
    with sound:
        content = _as_json(order, dialogue, sound.read())
    return _Spoken(sound=None, content=content, headers=headers)


def _answer(order: ApiOrder, spoken: _Spoken) -> Response:
    headers = dict(spoken.headers)
    if spoken.sound is None:
        return Response(spoken.content, headers=headers, media_type="application/json")
    if order.form == "sse":
        return StreamingResponse(
            events_of(spoken.sound), headers=headers, media_type="text/event-stream"
        )
    headers["Content-Length"] = str(size_of(spoken.sound))
    ending = order.sound_format
    headers["Content-Disposition"] = f'attachment; filename="speech.{ending}"'
    return StreamingResponse(
        chunks_of(spoken.sound), headers=headers, media_type=MEDIA_TYPES[ending]
    )


def _headers(order: ApiOrder, dialogue: Dialogue) -> dict[str, str]:
    headers = {
        "X-Colloquy-Seed": str(dialogue.seed),
        "X-Colloquy-Duration": f"{dialogue.mix.duration_s:.3f}",
    }
    if order.ignored:
        headers["X-Colloquy-Ignored"] = ", ".join(order.ignored)
    if dialogue.notes:
        notes = urllib.parse.quote("; ".join(map(str, dialogue.notes)), safe=" ;:,.'()")
        is_short = len(notes) <= _MAX_NOTES_HEADER
        headers["X-Colloquy-Notes"] = notes if is_short else f"{len(dialogue.notes)} notes"
    return headers


def _as_json(order: ApiOrder, dialogue: Dialogue, sound: bytes) -> bytes:
    content: dict[str, object] = {
        "audio": base64.b64encode(sound).decode("ascii"),
        "format": order.sound_format,
        "media_type": MEDIA_TYPES[order.sound_format],
        "duration_s": round(dialogue.mix.duration_s, 3),
        "seed": dialogue.seed,
        "turn_seeds": list(dialogue.turn_seeds),
        "speakers": dict(order.script.speaker_names),
        "captions": caption_rows(dialogue.captions),
        "notes": list(map(str, dialogue.notes)),
    }
    if order.captions != "none":
        text = caption_text(order.captions, dialogue.captions, order.script.speaker_names)
        content["caption_file"] = {"format": order.captions, "text": text}
    return json.dumps(content, ensure_ascii=False).encode()
