"""Pure ASGI middleware: how long a body may be, broken uploads, and files that are none of ours."""

import logging
from collections.abc import Mapping

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import error_answer
from app.settings import ServiceConfig

logger = logging.getLogger(__name__)

UPLOAD_PATH = "/gradio_api/upload"
FILE_PATHS = ("/gradio_api/file=", "/gradio_api/file/")
API_PATH = "/v1/"

MEGABYTE = 2**20
_BYTES_PER_CHARACTER = 16
"""Of a script in JSON: at most two escapes of six bytes, and some room for the keys around it."""

_PATIENCE = 2
"""How many times as long as allowed a body may be to be thrown away; a connection with a longer
one is closed, which its sender may not take for an answer."""

_TAIL = 1024


class BodyTooLongError(MultiPartException):
    """A body went on beyond what is allowed; of a kind for which parsers of forms tidy up."""


class BodyLimit:
    """Refuses long bodies with 413: declared ones unread, others at the byte that is too many.

    Args:
        app: what is behind.
        max_bytes: of a body.
        by_prefix: beginning of a path to another limit; the longest one that fits counts.
    """

    def __init__(
        self, app: ASGIApp, max_bytes: int, by_prefix: Mapping[str, int] | None = None
    ) -> None:
        self._app, self._max_bytes = app, max_bytes
        self._by_prefix = dict(by_prefix or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(_path(scope))
        n_declared = _number(Headers(scope=scope).get("content-length", ""))
        if n_declared > limit:
            await _refuse_long(limit, n_declared > _PATIENCE * limit, scope, receive, send)
            return
        await _Counted(self._app, limit)(scope, receive, send)

    def _limit(self, path: str) -> int:
        fitting = [prefix for prefix in self._by_prefix if path.startswith(prefix)]
        return self._by_prefix[max(fitting, key=len)] if fitting else self._max_bytes


class _Counted:
    """One request whose body is counted while it comes in."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit
        self._n_read, self._is_answered = 0, False

    @property
    def _is_too_long(self) -> bool:
        return self._n_read > self._limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def count() -> Message:
            message = await receive()
            self._n_read += len(message.get("body", b""))
            if self._is_too_long:
                raise BodyTooLongError(f"the body is longer than {self._limit} bytes")
            return message

        async def answer(message: Message) -> None:
            if self._is_answered or not self._is_too_long:
                self._is_answered = True
                await send(message)

        try:
            await self._app(scope, count, answer)
        except Exception:
            if self._is_answered or not self._is_too_long:
                raise
        if self._is_too_long and not self._is_answered:
            await _refuse_long(self._limit, True, scope, receive, send)


async def _refuse_long(
    limit: int, is_hopeless: bool, scope: Scope, receive: Receive, send: Send
) -> None:
    refusal = error_answer(
        413,
        f"the request is longer than {limit} bytes, which is the most accepted here; send less",
        code="request_too_large",
        headers={"Connection": "close"} if is_hopeless else {},
    )
    await refusal(scope, receive, send)


class UploadGuard:
    """Answers 400 to uploads that are cut off or cannot be understood.

    Args:
        app: what is behind.
        path: where uploads go.
    """

    def __init__(self, app: ASGIApp, path: str = UPLOAD_PATH) -> None:
        self._app, self._upload_path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or _path(scope).rstrip("/") != self._upload_path:
            await self._app(scope, receive, send)
            return
        _, options = parse_options_header(Headers(scope=scope).get("content-type", ""))
        mark = b"--" + options[b"boundary"] + b"--" if b"boundary" in options else b""
        tail, is_answered = b"", False

        async def watch() -> Message:
            nonlocal tail
            message = await receive()
            if message["type"] == "http.disconnect":
                raise MultiPartException("the sender is gone")  # the parser removes its files
            if message["type"] == "http.request":
                tail = (tail + message.get("body", b""))[-_TAIL - len(mark) :]
                if mark not in tail and not message.get("more_body", False):
                    raise MultiPartException("the upload ends before its last part; send it again")
            return message

        async def answer(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await self._app(scope, watch, answer)
        except (OSError, ClientDisconnect, BodyTooLongError):
            raise
        except Exception as error:
            if is_answered:
                raise
            logger.info("an upload was refused: %r", error)
            refusal = error_answer(400, "the upload cannot be understood; send it again as a form")
            await refusal(scope, receive, send)


class HiddenFiles:
    """Answers 404 alike to whatever file is not to be had, whether or not it exists.

    Files of other servers, which Gradio would fetch for anyone who asks, are not to be had.

    Args:
        app: what is behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = _path(scope) if scope["type"] == "http" else ""
        prefix = next((prefix for prefix in FILE_PATHS if path.startswith(prefix)), None)
        if prefix is None:
            await self._app(scope, receive, send)
            return
        nothing = error_answer(404, "there is no such file", code="file_not_found")
        if "://" in path or path.removeprefix(prefix).casefold().startswith("http"):
            await nothing(scope, receive, send)
            return
        is_hidden = False

        async def answer(message: Message) -> None:
            nonlocal is_hidden
            if message["type"] == "http.response.start" and message["status"] in (403, 404):
                is_hidden = True
                await nothing(scope, receive, send)
            elif not is_hidden:
                await send(message)

        await self._app(scope, receive, answer)


def service_middleware(config: ServiceConfig) -> list[Middleware]:
    """What goes in front of the page, for `launch(app_kwargs={"middleware": ...})`."""
    body, upload = config.max_body_mb * MEGABYTE, (config.max_upload_mb + 1) * MEGABYTE
    api = _BYTES_PER_CHARACTER * config.max_script_characters + MEGABYTE
    limits = {UPLOAD_PATH: max(body, upload), API_PATH: min(body, api)}
    return [
        Middleware(BodyLimit, max_bytes=body, by_prefix=limits),
        Middleware(UploadGuard),
        Middleware(HiddenFiles),
    ]


def _number(text: str) -> int:
    """What a header declares; what is no number declares nothing, and the body is counted."""
    is_number = text.isascii() and text.isdigit()
    return int(text[-20:]) if is_number and not text[:-20].strip("0") else 2**64 * is_number


def _path(scope: Scope) -> str:
    """The path asked for, without that of a proxy in front."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path[len(root) :] if root and path.startswith(root + "/") else path
