"""The whole server, on a real port, with a stand-in that speaks tones."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import soundfile
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from app.server import Server, build_server, serve
from app.service_config import ServiceConfig
from app.studio import Studio, load_studio
from pipeline.config import LimitsConfig
from pipeline.errors import CheckpointError, ScriptError
from tests.app.page.desk import form_values

pytestmark = pytest.mark.slow

TOOLS = {"speak", "voices", "estimate", "parse"}


@pytest.fixture
def url(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "costs"))
    server = build_server(studio, ServiceConfig(mcp=True))
    yield _launch(server)
    server.close()


def _launch(server: Server) -> str:
    return server.launch(prevent_thread_lock=True, quiet=True, inbrowser=False).rstrip("/")


def _client(url: str, folder: Path) -> Client:
    return Client(url, verbose=False, download_files=str(folder))


def test_a_program_has_a_script_spoken(url: str, tmp_path: Path) -> None:
    client = _client(url, tmp_path)
    voices = client.predict(api_name="/voices")
    assert [voice["name"] for voice in voices] == ["anna", "ben"]
    script = "Ann: Hello.\nBob: Hi."
    wav, told = client.predict(script, {"Bob": "anna"}, 7, 0, api_name="/speak")
    assert soundfile.info(wav).duration == pytest.approx(told["duration_s"], abs=0.001)
    assert soundfile.info(wav).subtype == "PCM_16"
    assert [caption["name"] for caption in told["captions"]] == ["Ann", "Bob"]
    assert "Bob: Hi." in told["srt"]
    assert client.predict(script, api_name="/estimate")["turns"] == 2
    assert client.predict(script, api_name="/parse")["speakers"] == {"S1": "Ann", "S2": "Bob"}


@pytest.mark.parametrize(
    ("script", "voices", "seed", "told"),
    [
        ("Ann: ?!", {}, 0, "Line 1"),
        ("Ann: Hi.", {"Ann": "/etc/passwd"}, 0, "no voice"),
        ("Ann: Hi.", {"Ann": "../anna"}, 0, "no voice"),
        ("Ann: Hi.", {}, -1, "seed must be"),
    ],
)
def test_a_program_is_told_what_is_wrong(
    script: str, voices: dict[str, str], seed: int, told: str, url: str, tmp_path: Path
) -> None:
    with pytest.raises(AppError, match=told):
        _client(url, tmp_path).predict(script, voices, seed, 0, api_name="/speak")


def test_two_visitors_interleaved_meet_nothing_of_each_other(url: str, tmp_path: Path) -> None:
    visitors = {name: _client(url, tmp_path / name) for name in ("ann", "bob")}

    def generate(name: str) -> str:
        values = form_values(f"{name}: Hello from {name}.\nZoe: Hi {name}.")
        spoken = visitors[name].predict(*_without_state(values), api_name="/generate")
        return str(spoken)

    with ThreadPoolExecutor(2) as pool:
        shown = dict(zip(visitors, pool.map(generate, visitors), strict=True))
    for name, other in (("ann", "bob"), ("bob", "ann")):
        assert f"Hello from {name}" in shown[name]
        assert f"Hello from {other}" not in shown[name]
    for name in visitors:
        locked = str(visitors[name].predict(1, True, api_name="/lock_turn"))
        assert f"Hello from {name}" in locked
    redone = str(visitors["bob"].predict(2, "Bye.", 1.0, "", "x", api_name="/redo_turn"))
    assert "Bye." in redone
    assert "Hi ann" in str(visitors["ann"].predict(2, api_name="/select_turn"))


def _without_state(values: list[Any]) -> list[Any]:
    """The cast is state, which clients do not send."""
    return [values[0], *values[2:]]


def test_the_address_of_a_file_cannot_be_guessed(url: str, tmp_path: Path) -> None:
    for name in ("0" * 40 + "/dialogue.wav", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd"):
        address = f"{url}/gradio_api/file={tmp_path}/files/{name}"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(address, timeout=30)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{url}/gradio_api/file=/etc/passwd", timeout=30)


def test_language_models_find_the_functions_and_call_them(url: str) -> None:
    async def ask() -> tuple[set[str], str]:
        async with (
            streamable_http_client(f"{url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            names = {tool.name for tool in (await session.list_tools()).tools}
            voices = next(name for name in names if name.endswith("voices"))
            return names, str(await session.call_tool(voices, {}))

    names, voices = asyncio.run(ask())
    assert {name.rpartition("_")[2] for name in names} >= TOOLS
    assert "anna" in voices


def test_missing_weights_end_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*settings: Any) -> Studio:
        raise CheckpointError("no weights")

    monkeypatch.setattr("app.server.load_studio", refuse)
    assert serve([]) == 1
    assert capsys.readouterr().err == "error: no weights\n"


def test_a_bad_setting_ends_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(["--queue-length", "many"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert "queue-length" in line


def test_limits_of_the_settings_reach_the_pipeline(tiny_models: Path) -> None:
    limits = LimitsConfig(max_script_characters=10)
    studio = load_studio(str(tiny_models), "cpu", 2, limits)
    with pytest.raises(ScriptError, match="at most 10"):
        studio.pipeline.parse("Ann: far too long a script")
