"""A visitor's tab: what people do on the page, in their words."""

import io
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import soundfile
from numpy.typing import NDArray

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "test-results" / "screenshots"
PATIENCE_MS = 60_000.0
SCRIPT = "Anna: Good morning, Ben.\nBen: Good morning, Anna.\nAnna: Shall we walk to the river?"
BEYOND_THE_EDGE = """() =>
  document.documentElement.scrollWidth <= window.innerWidth ? [] :
  [...document.querySelectorAll('*')]
    .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1)
    .map((e) => `${e.tagName} ${e.id} ${e.className}`)
"""
"""Elements that make the page scroll sideways."""
NO_SCROLLING = "() => document.documentElement.scrollWidth <= window.innerWidth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What a visitor took away: samples in [-1, 1] at a rate, and captions."""

    samples: NDArray[np.float32]
    rate_hz: int
    captions: list[dict[str, Any]] = field(default_factory=list)

    def turn(self, index: int) -> NDArray[np.float32]:
        """Samples from the beginning of a turn to its end."""
        caption = self.captions[index]
        first, last = (round(caption[at] * self.rate_hz) for at in ("start_s", "end_s"))
        return self.samples[first:last]

    def holds(self, sound: NDArray[np.float32], index: int) -> bool:
        """Whether a turn is this sound; captions tell its place to a hundredth of a second."""
        margin = self.rate_hz // 50
        inside = sound[margin:-margin]
        place = round(self.captions[index]["start_s"] * self.rate_hz) + margin
        return any(
            np.array_equal(self.samples[first : first + len(inside)], inside)
            for first in range(place - margin, place + margin)
        )


class Visit:
    """A tab with the page open."""

    def __init__(self, context: "BrowserContext", url: str) -> None:
        self.page: Page = context.new_page()
        self.url = url
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.goto(url)
        self.wait_until_open()

    def wait_until_open(self) -> None:
        """Text that is filled in before the page listens is not read."""
        self.shows("#feedback", "speaker")
        self.page.wait_for_timeout(300)

    def at(self, place: str) -> "Locator":
        return self.page.locator(place)

    def button(self, name: str, place: str = "body") -> "Locator":
        return self.at(place).get_by_role("button", name=name, exact=True)

    def shows(self, place: str, words: str) -> None:
        """Wait until some words are seen at a place."""
        self.at(place).filter(has_text=words).first.wait_for()

    def waits_until(self, is_so: Callable[[], bool]) -> None:
        """Look again and again, as people do."""
        until = time.monotonic() + PATIENCE_MS / 1000
        while not is_so():
            assert time.monotonic() < until, "it did not come about"
            self.page.wait_for_timeout(50)

    def script(self) -> str:
        return self.at("#script textarea").input_value()

    def write(self, script: str, feedback: str = "speaker") -> None:
        """Type a script and wait for what the page says of it."""
        self.at("#script textarea").fill(script)
        self.page.wait_for_timeout(500)  # the feedback on the text before may look the same
        self.shows("#feedback", feedback)

    def choose_voice(self, name: str, voice: str) -> None:
        """Pick a speaker's voice from its list."""
        box = self.page.get_by_label(f"Voice of {name}")
        box.click()
        options = self.at(f"#{box.get_attribute('aria-controls')}")
        options.get_by_role("option", name=voice).click()
        options.wait_for(state="detached")

    def status(self) -> str:
        return self.at("#status").inner_text()

    def generate(self, script: str | None = None) -> "Visit":
        """Speak a script to the end."""
        if script is not None:
            self.write(script)
        self.do(self.button("Generate"))
        return self

    def do(self, button: "Locator") -> None:
        """Press what starts a run, and wait for its end."""
        links = self.links()
        button.click()
        self.page.wait_for_function(
            "(before) => { const a = document.querySelector('#downloads a[href]');"
            " return a && a.href !== before; }",
            arg=links[0] if links else "",
        )
        self.page.wait_for_timeout(100)

    def links(self) -> list[str]:
        """Addresses of the files to take away."""
        anchors = self.at("#downloads a[href]")
        found: list[str] = anchors.evaluate_all("(all) => all.map((a) => a.href)")
        return list(dict.fromkeys(found))

    def fetch(self, ending: str) -> bytes:
        """A file to take away."""
        link = next(link for link in self.links() if link.endswith(ending))
        answer = httpx.get(link, timeout=30)
        assert answer.status_code == 200, (link, answer.status_code)
        return answer.content

    def take_away(self) -> Spoken:
        """Sound and captions, as anybody would fetch them."""
        samples, rate_hz = soundfile.read(io.BytesIO(self.fetch("dialogue.wav")), dtype="float32")
        captions = json.loads(self.fetch("dialogue.json"))
        return Spoken(samples=samples, rate_hz=rate_hz, captions=captions)

    def open_file(self, path: Path) -> None:
        """Give a file to the button that opens scripts and projects."""
        with self.page.expect_file_chooser() as chooser:
            self.at("#open").click()
        chooser.value.set_files(path)

    def row(self, turn: int) -> "Locator":
        return self.at(f"#turns tr[data-turn='{turn}']")

    def select(self, turn: int) -> None:
        """Open a turn's panel."""
        self.row(turn).locator("[data-action=select]").click()
        self.page.wait_for_function(
            "(turn) => document.querySelector(`#turns tr[data-turn='${turn}'].selected`)", arg=turn
        )
        self.at("#turn-panel").wait_for()

    def open_all(self) -> None:
        """Open every accordion."""
        for label in self.at("button.label-wrap:visible").all():
            if (
                label.get_attribute("aria-expanded") != "true"
                and "open" not in (label.get_attribute("class") or "").split()
            ):
                label.click()
        self.page.wait_for_timeout(300)

    def does_not_scroll_sideways(self) -> None:
        """Nothing may stand beyond the edge; a second is given to what moves."""
        try:
            self.page.wait_for_function(NO_SCROLLING, timeout=1000)
        finally:
            beyond = self.page.evaluate(BEYOND_THE_EDGE)
            assert beyond == [], "the page scrolls sideways"

    def picture(self, name: str) -> Path:
        """Keep how the page looks."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size
        width = size["width"] if size else 0
        path = PICTURES / f"{name}-{width}.png"
        self.page.screenshot(path=path, full_page=True)
        return path


def keep_for_readme(picture: Path) -> None:
    """Make a picture README's, if COLLOQUY_PICTURE=1 asks for it; in few colours, to be small."""
    if os.environ.get("COLLOQUY_PICTURE") != "1":
        return
    from PIL import Image

    with Image.open(picture) as image:
        few = image.convert("RGB").quantize(64, dither=Image.Dither.NONE)
        few.save(ROOT / "docs" / "page.png", optimize=True)
    assert (ROOT / "docs" / "page.png").stat().st_size <= 300_000
