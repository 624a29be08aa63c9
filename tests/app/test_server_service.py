"""The whole server as it runs: a Gradio page with our routes and middleware beside it."""

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import httpx
import openai
import pytest

from app.backend.pipeline_pool import PipelinePool
from app.backend.voice_library import VoiceLibrary
from app.server import build_service
from app.settings import ServiceConfig
from tests.app.live_server import seconds_of
from tests.app.tone_pipeline import TURN_S, TonePipeline

FORM = "multipart/form-data; boundary=XX"
FILE = (
    b'--XX\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
    b"abc\r\n--XX--\r\n"
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("service")
    pool = PipelinePool(TonePipeline(), VoiceLibrary(folder / "voices"), folder)
    service = build_service(pool, ServiceConfig(max_upload_mb=1, max_body_mb=1))
    demo = gr.Blocks(title="The page", analytics_enabled=False)
    with demo:
        gr.Markdown("Hello.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        _, address, _ = demo.queue().launch(
            prevent_thread_lock=True,
            quiet=True,
            server_name="127.0.0.1",
            app_kwargs={"routes": service.routes, "middleware": service.middleware},
        )
        yield address.rstrip("/")
    demo.close()
    service.queue.close()


def test_the_page_and_the_routes_are_served_side_by_side(url: str) -> None:
    assert "The page" in httpx.get(url).text
    health = httpx.get(f"{url}/health").json()
    assert (health["status"], health["model"], health["device"]) == ("ok", "small", "cpu")
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0)
    wav = client.audio.speech.create(
        model="colloquy", voice="anna", input="Hello.", response_format="wav"
    )
    assert seconds_of(wav.content) == pytest.approx(TURN_S)
    assert 'colloquy_runs_total{door="api",outcome="done"}' in httpx.get(f"{url}/metrics").text
    assert httpx.get(f"{url}/v1/nothing").json()["error"]["code"] == "unknown_url"


def _upload(url: str, body: bytes, form: str = FORM, query: str = "") -> httpx.Response:
    address = f"{url}/gradio_api/upload{query}"
    return httpx.post(address, content=body, headers={"Content-Type": form})


def test_a_whole_upload_is_kept_and_can_be_fetched(url: str) -> None:
    (path,) = _upload(url, FILE).json()
    assert httpx.get(f"{url}/gradio_api/file={path}").content == b"abc"
    (path,) = _upload(url, FILE + b"\r\nwords after the end").json()
    assert Path(path).name == "a.wav"


BROKEN = {
    "another boundary": (FILE, "multipart/form-data; boundary=YY"),
    "no boundary": (FILE, "multipart/form-data"),
    "long boundary": (FILE, "multipart/form-data; boundary=" + "X" * 300),
    "no form": (FILE, "text/plain"),
    "nothing": (b"", FORM),
    "garbage": (b"garbage", FORM),
    "cut in the head": (FILE[:30], FORM),
    "cut in the file": (FILE[:-11], FORM),
    "cut in the end": (FILE[:-4], FORM),
    "no file's name": (FILE.replace(b'; filename="a.wav"', b""), FORM),
    "no field's name": (FILE.replace(b'name="files"; ', b""), FORM),
}


@pytest.mark.parametrize("query", ["", "?upload_id=u1"])
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_upload_is_a_bad_request_and_leaves_nothing(
    url: str, kind: str, query: str
) -> None:
    body, form = BROKEN[kind]
    folder = Path(_upload(url, FILE).json()[0]).parents[1]
    before = {path.name for path in folder.iterdir()}
    assert _upload(url, body, form, query).status_code == 400
    assert {path.name for path in folder.iterdir()} == before


def test_too_long_an_upload_is_refused(url: str) -> None:
    assert _upload(url, FILE.replace(b"abc", b"a" * (3 * 2**20))).status_code == 413


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc", "/no/such/file", "http://127.0.0.1/"])
@pytest.mark.parametrize("prefix", ["/gradio_api/file=", "/gradio_api/file/"])
def test_whether_a_file_exists_cannot_be_told(url: str, prefix: str, path: str) -> None:
    answer = httpx.get(url + prefix + path)
    assert answer.status_code == 404
    assert answer.json() == httpx.get(f"{url}/gradio_api/file=/surely/not").json()
