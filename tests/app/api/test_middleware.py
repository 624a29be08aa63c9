import json
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from app.api.middleware import MEGABYTE, BodyLimit, HiddenFiles, UploadGuard, service_middleware
from app.settings import ServiceConfig
from tests.app.live_server import serve

N_READ: list[int] = []


async def _read(request: Request) -> Response:
    """Count what arrives, and swallow what goes wrong, as some parsers do."""
    N_READ.clear()
    try:
        async for chunk in request.stream():
            N_READ.append(len(chunk))
    except Exception as error:  # noqa: BLE001
        return PlainTextResponse(f"swallowed {error}", 400)
    return PlainTextResponse(str(sum(N_READ)))


async def _read_whole(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    routes = [
        Route("/read", _read, methods=["POST"]),
        Route("/whole", _read_whole, methods=["POST"]),
        Route("/whole/more", _read_whole, methods=["POST"]),
    ]
    limits = {"/whole": 20, "/whole/more": 40}
    limit = Middleware(BodyLimit, max_bytes=100, by_prefix=limits)
    with serve(Starlette(routes=routes, middleware=[limit])) as address:
        yield address


def _talk(url: str, request: str) -> str:
    """Send raw bytes and give all that comes back until the other side closes."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer.decode()


def test_a_declared_gigabyte_is_refused_before_a_byte_of_it_is_sent(url: str) -> None:
    answer = _talk(url, f"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: {2**30}\r\n\r\n")
    assert answer.startswith("HTTP/1.1 413")
    error = json.loads(answer.partition("\r\n\r\n")[2])["error"]
    assert error["code"] == "request_too_large"
    assert "longer than 100 bytes" in error["message"]


@pytest.mark.parametrize("path", ["/read", "/whole"])
def test_a_body_without_a_length_is_refused_where_it_is_too_long(url: str, path: str) -> None:
    N_READ.clear()
    chunk = "a\r\n0123456789\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = _talk(url, head + 12 * chunk)  # and never an end
    assert answer.startswith("HTTP/1.1 413")
    assert sum(N_READ) <= 100


def test_a_body_somewhat_too_long_is_thrown_away_and_its_sender_reads_why(url: str) -> None:
    with httpx.Client(base_url=url) as client:
        assert client.post("/read", content=b"a" * 150).status_code == 413
        assert client.post("/read", content=b"a" * 100).text == "100"


def test_the_longest_prefix_that_fits_tells_the_limit(url: str) -> None:
    for path, limit in (("/read", 100), ("/whole", 20), ("/whole/more", 40)):
        assert httpx.post(url + path, content=b"a" * limit).text == str(limit)
        assert httpx.post(url + path, content=b"a" * (limit + 1)).status_code == 413


@pytest.mark.parametrize(
    ("declared", "status"),
    [("9" * 5000, 413), ("101", 413), ("0" * 30 + "3", 200), ("²", 200), ("-1", 200), ("", 200)],
)
def test_a_strange_length_is_read_or_the_body_is_counted(declared: str, status: int) -> None:
    client = TestClient(BodyLimit(PlainTextResponse("fine"), 100))
    header = {"Content-Length": declared.encode()}
    assert client.post("/", content=b"abc", headers=header).status_code == status


def test_an_answer_that_has_begun_is_broken_off() -> None:
    async def app(scope: object, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()

    client = TestClient(BodyLimit(app, 3))
    with pytest.raises(Exception, match="the body is longer than 3 bytes"):
        client.post("/", content=iter([b"long body"]))


def test_errors_of_others_and_other_protocols_pass_through() -> None:
    async def fail(request: Request) -> Response:
        raise ValueError("theirs")

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    routes = [Route("/fail", fail), WebSocketRoute("/ws", echo)]
    middleware = service_middleware(ServiceConfig())
    client = TestClient(Starlette(routes=routes, middleware=middleware))
    with pytest.raises(ValueError, match="theirs"):
        client.get("/fail")
    with client.websocket_connect("/ws") as socket:
        assert socket.receive_text() == "hello"


def _uploads(fail_with: Exception | None = None) -> TestClient:
    async def upload(request: Request) -> Response:
        body = await request.body()
        if fail_with is not None:
            raise fail_with
        return PlainTextResponse(str(len(body)))

    routes = [Route("/gradio_api/upload", upload, methods=["POST"]), Route("/other", upload)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(UploadGuard)]))


@pytest.mark.parametrize("error", [TypeError("no"), KeyError("no"), AttributeError("no")])
def test_an_upload_that_breaks_its_parser_is_a_bad_request(error: Exception) -> None:
    answer = _uploads(error).post("/gradio_api/upload", content=b"x")
    assert answer.status_code == 400
    assert "cannot be understood" in answer.json()["error"]["message"]


def test_a_full_disk_is_not_the_fault_of_an_upload() -> None:
    with pytest.raises(OSError, match="disk full"):
        _uploads(OSError("disk full")).post("/gradio_api/upload", content=b"x")
    with pytest.raises(TypeError, match="elsewhere"):
        _uploads(TypeError("elsewhere")).get("/other")


@pytest.mark.parametrize("status", [403, 404])
def test_files_that_are_not_to_be_had_all_look_the_same(status: int) -> None:
    async def file(request: Request) -> Response:
        return PlainTextResponse("File not allowed: /etc/passwd", status)

    async def page(request: Request) -> Response:
        return PlainTextResponse("no", status)

    routes = [Route("/gradio_api/file={path:path}", file), Route("/page", page)]
    client = TestClient(Starlette(routes=routes, middleware=[Middleware(HiddenFiles)]))
    hidden = client.get("/gradio_api/file=/etc/passwd")
    assert (hidden.status_code, "passwd" in hidden.text) == (404, False)
    assert hidden.json()["error"]["message"] == "there is no such file"
    assert client.get("/page").text == "no"


@pytest.mark.parametrize("path", ["http://a.org/x", "https:/a.org", "HTTP://A", "ftp://a/b"])
def test_files_of_other_servers_are_not_fetched(path: str) -> None:
    async def fetch(request: Request) -> Response:
        raise AssertionError("asked for")

    routes = [Route("/gradio_api/file={path:path}", fetch)]
    client = TestClient(Starlette(routes=routes, middleware=[Middleware(HiddenFiles)]))
    assert client.get(f"/gradio_api/file={path}").status_code == 404


def test_a_file_that_may_be_had_comes_as_it_is() -> None:
    async def file(request: Request) -> Response:
        return PlainTextResponse("sound", 206, {"Content-Range": "bytes 0-4/9"})

    routes = [Route("/gradio_api/file={path:path}", file)]
    client = TestClient(Starlette(routes=routes, middleware=[Middleware(HiddenFiles)]))
    answer = client.get("/gradio_api/file=/tmp/x.wav")
    assert (answer.status_code, answer.text) == (206, "sound")


@pytest.mark.parametrize("root", ["", "/colloquy"])
def test_limits_follow_the_settings_also_behind_a_proxy(root: str) -> None:
    async def length(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    config = ServiceConfig(max_upload_mb=3, max_body_mb=2, max_script_characters=10)
    paths = ["/page", "/gradio_api/upload", "/v1/audio/speech"]
    app = Starlette(
        routes=[Route(path, length, methods=["POST"]) for path in paths],
        middleware=service_middleware(config),
    )
    client = TestClient(app, root_path=root)
    for path, n_megabytes in zip(paths, (2, 4, 1), strict=True):
        most = n_megabytes * MEGABYTE + (160 if path.startswith("/v1/") else 0)
        assert client.post(root + path, content=b"a" * most).text == str(most)
        assert client.post(root + path, content=b"a" * (most + 1)).status_code == 413
