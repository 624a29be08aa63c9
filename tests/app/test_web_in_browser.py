"""The page as people meet it: a real server, Debian's Chromium, and a program that calls it."""

import dataclasses
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.studio import Studio
from app.theme import CSS, build_theme
from app.voice_library import VoiceLibrary
from app.web import QUEUE_LENGTH, build_demo
from pipeline.dialogue import DialoguePipeline, SynthesisOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

CHROMIUM = Path("/usr/bin/chromium")
SCRIPT = "Anna: Hello there.\nBen: Hi, Anna."
SECONDS = 1000.0
"""Milliseconds, as playwright counts."""
BEYOND_THE_EDGE = """() =>
  document.documentElement.scrollWidth <= window.innerWidth ? [] :
  [...document.querySelectorAll('*')]
    .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1)
    .map((e) => `${e.tagName} ${e.id} ${e.className}`)
"""
"""Elements that make the page scroll sideways."""

PATIENCE = 300 * SECONDS


class UntrainedPipeline(DialoguePipeline):
    """Random weights do not attend to all of a text: the best try is taken."""

    def synthesize(
        self, script: Any, voices: Any, seed: int, options: SynthesisOptions, on_progress: Any
    ) -> Any:
        untrained = dataclasses.replace(options, text=TextToSemanticOptions(strict=False))
        return super().synthesize(script, voices, seed, untrained, on_progress)


class SlowStudio(Studio):
    """Waits before a chosen stage until it is cancelled or told to go on."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.hold = threading.Event()
        self.started = threading.Event()
        self.stopped = threading.Event()

    def speak(
        self, script: str, voices: Any, seed: int, on_progress: Any = None, max_retakes: int = 0
    ) -> Any:
        def listen(stage: str, done: int, total: int) -> None:
            if stage == "acoustic":
                self.started.set()
                self._wait(lambda: on_progress(stage, done, total))
            on_progress(stage, done, total)

        return super().speak(script, voices, seed, listen, max_retakes)

    def _wait(self, check: Any) -> None:
        while self.hold.is_set():
            try:
                check()
            except Exception:
                self.stopped.set()
                raise
            self.hold.wait(0.05)
            threading.Event().wait(0.05)


@pytest.fixture(scope="module")
def studio(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> SlowStudio:
    folder = tmp_path_factory.mktemp("studio")
    (folder / "small_talk.txt").write_text("[S1] One.\n[S2] Two.\n[S3] Three.", encoding="utf-8")
    pipeline = UntrainedPipeline.load(tiny_models, device="cpu")
    return SlowStudio(pipeline, VoiceLibrary(folder / "voices"), folder)


@pytest.fixture(scope="module")
def url(studio: SlowStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    os.environ["GRADIO_TEMP_DIR"] = str(tmp_path_factory.mktemp("cache"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo = build_demo(studio)
    demo.queue(max_size=QUEUE_LENGTH).launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        theme=build_theme(),
        css=CSS,
    )
    yield f"http://127.0.0.1:{port}/"
    demo.close()
    del os.environ["GRADIO_TEMP_DIR"]


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.is_file():
        raise RuntimeError(f"{CHROMIUM} is missing; apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(params=[1440, 360])
def page(browser: "Browser", url: str, request: pytest.FixtureRequest) -> Iterator["Page"]:
    dark = "dark" if request.param == 360 else "light"
    context = browser.new_context(
        viewport={"width": request.param, "height": 900}, color_scheme=dark
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.get_by_label("Script").wait_for()
    page.wait_for_timeout(3000)  # text filled in before the page listens is not read
    yield page
    context.close()


def _write(page: "Page", script: str) -> None:
    page.locator("#script textarea").fill(script)


def _wait_for(page: "Page", place: str, words: str) -> None:
    page.locator(place).filter(has_text=words).wait_for()


def _generate(page: "Page", script: str) -> None:
    _write(page, script)
    _wait_for(page, "#feedback", "Anna (S1), Ben (S2)")
    page.get_by_role("button", name="Generate").click()


def test_a_typed_script_becomes_sound_with_captions(page: "Page", tmp_path: Path) -> None:
    _generate(page, SCRIPT)
    _wait_for(page, "#status", "Done")
    page.locator("#sound audio, #sound #waveform").first.wait_for(state="attached")
    for name in ("dialogue.wav", "dialogue.srt", "dialogue.vtt", "dialogue.json"):
        stem, suffix = name.split(".")
        page.get_by_text(stem).first.wait_for(state="attached")
        assert suffix in page.content()
    assert "Hi, Anna." in page.locator("body").inner_text()
    sideways = page.evaluate(BEYOND_THE_EDGE)
    page.screenshot(path=tmp_path / "done.png", full_page=True)
    assert sideways == [], "the page scrolls sideways"
    assert page.locator("#status").get_attribute("aria-live") == "polite"


def test_an_error_names_its_line_and_loses_nothing(page: "Page", tmp_path: Path) -> None:
    script = "Anna: Hello there.\nBen: ?!"
    _write(page, script)
    _wait_for(page, "#feedback", "Line 2")
    page.get_by_role("button", name="Generate").click()
    page.wait_for_timeout(2 * SECONDS)
    page.screenshot(path=tmp_path / "error.png", full_page=True)
    assert page.locator("#script textarea").input_value() == script
    assert "Traceback" not in page.content()


def test_cancel_works_in_the_middle_and_the_page_goes_on(
    page: "Page", studio: SlowStudio, tmp_path: Path
) -> None:
    studio.started.clear()
    studio.stopped.clear()
    studio.hold.set()
    try:
        _generate(page, SCRIPT)
        assert studio.started.wait(60)
        page.get_by_role("button", name="Cancel").click()
        _wait_for(page, "#status", "Cancelled")
        assert studio.stopped.wait(30)
        page.screenshot(path=tmp_path / "cancelled.png", full_page=True)
    finally:
        studio.hold.clear()
    assert page.locator("#script textarea").input_value() == SCRIPT
    page.get_by_role("button", name="Generate").click()
    _wait_for(page, "#status", "Done")


def test_programs_call_the_named_endpoint(url: str) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(url, verbose=False)
    rows = ["(surprise me)"] * 4 + [None] * 4
    status, sound, table, files, _ = client.predict(SCRIPT, 7, 1, *rows, api_name="/generate")
    assert "seed 7" in status
    assert "dialogue.wav" in str(sound)
    assert table.index("<td>Anna</td>") < table.index("<td>Ben</td>")
    assert [Path(path).suffix for path in files] == [".wav", ".srt", ".vtt", ".json"]
    with pytest.raises((AppError, ValueError), match="Line 1"):
        client.predict("Anna: ?!", 7, 0, *rows, api_name="/generate")
    for seed in (-1, 0.5):
        with pytest.raises((AppError, ValueError), match="seed must be a whole number"):
            client.predict(SCRIPT, seed, 0, *rows, api_name="/generate")
