"""One server with the shipped weights, and one browser, for all visits."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.backend.pipeline_pool import PipelinePool, load_pool
from app.server import build_server
from app.settings import ServiceConfig
from tests.browser.visit import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

CHROMIUM = Path("/usr/bin/chromium")
HELD = "wait"
"""Turns with this word stand still while `HeldPool.hold` is set."""

VisitMaker = Callable[..., Visit]


class HeldPool(PipelinePool):
    """Before a turn with the word HELD is given out, waits until told to go on, or cancelled."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.hold, self.may_go_on = threading.Event(), threading.Event()
        self.reached, self.stopped = threading.Event(), threading.Event()

    @contextlib.contextmanager
    def borrow(self) -> Iterator[Any]:
        with super().borrow() as pipeline:
            yield _HeldPipeline(pipeline, self)

    def wait(self, turn: Any, check: Callable[[], None]) -> None:
        if HELD in turn.turn.text and self.hold.is_set():
            self._wait(check)

    def _wait(self, check: Callable[[], None]) -> None:
        self.reached.set()
        while not self.may_go_on.wait(0.05):
            try:
                check()
            except Exception:
                self.stopped.set()
                raise


class _HeldPipeline:
    """A pipeline whose stream waits where its pool says so."""

    def __init__(self, pipeline: Any, pool: HeldPool) -> None:
        self._pipeline, self._pool = pipeline, pool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipeline, name)

    def stream(
        self, script: str, voices: Any, seed: int, options: Any, on_progress: Any
    ) -> Iterator[Any]:
        told: list[tuple[str, int, int]] = []

        def listen(stage: str, done: int, total: int) -> None:
            told.append((stage, done, total))
            on_progress(stage, done, total)

        for turn in self._pipeline.stream(script, voices, seed, options, listen):
            self._pool.wait(turn, lambda: on_progress(*told[-1]))
            yield turn


@pytest.fixture(scope="package")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders of our own for what a server keeps."""
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GRADIO_TEMP_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, str(folder / name.lower()))
        yield folder


@pytest.fixture(scope="package")
def loaded(surroundings: Path) -> HeldPool:
    usual = load_pool("small", "cpu")
    with usual.borrow() as pipeline:
        return HeldPool(pipeline, usual.added_voices)


@pytest.fixture(scope="package")
def url(loaded: HeldPool) -> Iterator[str]:
    server = build_server(loaded, ServiceConfig(port=None))
    address = server.launch(prevent_thread_lock=True, quiet=True, inbrowser=False)
    yield address
    server.close()


@pytest.fixture(scope="package")
def chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.is_file():
        raise RuntimeError(f"{CHROMIUM} is missing; apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: "Browser", url: str) -> Iterator[VisitMaker]:
    """Opens the page for another visitor: width in pixels, and "light" or "dark"."""
    contexts: list[BrowserContext] = []

    def make(width: int = 1440, scheme: Any = "light", at: str = url) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        return Visit(context, at)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def held(loaded: HeldPool) -> Iterator[HeldPool]:
    """The pool, standing still at turns with the word HELD."""
    for event in (loaded.may_go_on, loaded.reached, loaded.stopped):
        event.clear()
    loaded.hold.set()
    yield loaded
    loaded.hold.clear()
    loaded.may_go_on.set()
