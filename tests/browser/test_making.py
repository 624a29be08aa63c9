"""From a script to sound, as a stranger does it: voices, progress, cancel, what goes wrong."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import HeldPool, VisitMaker
from tests.browser.visit import SCRIPT, Visit, keep_for_readme

pytestmark = pytest.mark.slow

LAYOUTS = [(1440, "light"), (360, "dark")]
HELD_SCRIPT = """Anna: Good morning to you, Ben. It is a fine day for a long walk to the river.
Ben: It is. The wind has turned, and the rain is gone.
Anna: Then let us go, before it comes back over the hills.
Ben: Please wait for me.
Anna: I am here."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some seconds of a person, made on the spot."""
    path = tmp_path_factory.mktemp("recording") / "own.wav"
    words = "The ferry leaves at nine, and the gulls follow it out to the open water every day."
    subprocess.run(["flite", "-voice", "awb", "-t", words, "-o", str(path)], check=True)
    return path


def _own_recording(visit: Visit, recording: Path) -> None:
    visit.choose_voice("Ben", "My recording")
    visit.at("#recording-2 input[type=file]").first.set_input_files(recording)
    visit.at("#quality-2 svg").wait_for()


@pytest.mark.parametrize(("width", "scheme"), LAYOUTS)
def test_a_stranger_gives_voices_and_takes_sound_and_captions_away(
    visit: VisitMaker, recording: Path, width: int, scheme: str
) -> None:
    stranger = visit(width, scheme)
    stranger.picture("opened")
    stranger.write(SCRIPT, "Anna (S1), Ben (S2)")
    stranger.choose_voice("Anna", "clara")
    _own_recording(stranger, recording)
    assert stranger.at("#quality-2 p").first.inner_text().strip()
    stranger.at("#consent-2 input").check()
    stranger.picture("voices")
    stranger.generate()
    stranger.shows("#status", "Done")
    stranger.at("#wave svg path").nth(2).wait_for(state="attached")
    stranger.row(3).wait_for()
    assert stranger.at("#turns tbody tr").count() == 3
    assert stranger.at("#wave svg path").count() == 3
    assert [Path(link).suffix for link in stranger.links()] == [".wav", ".srt", ".vtt", ".json"]
    away = stranger.take_away()
    assert [caption["text"] for caption in away.captions][1] == "Good morning, Anna."
    assert abs(away.turn(1)).max() > 0.01
    stranger.select(2)
    stranger.at("#sound").get_by_label("Play", exact=True).click()
    stranger.at("#sound [data-testid=subtitle-display]").filter(has_text="Anna").wait_for()
    stranger.does_not_scroll_sideways()
    picture = stranger.picture("finished")
    if scheme == "light":
        keep_for_readme(picture)


def test_without_consent_nothing_is_spoken_and_nothing_lost(
    visit: VisitMaker, recording: Path
) -> None:
    stranger = visit()
    stranger.write(SCRIPT)
    _own_recording(stranger, recording)
    stranger.button("Generate").click()
    stranger.shows("#status", "tick the box")
    stranger.picture("no-consent")
    assert stranger.links() == []
    assert stranger.script() == SCRIPT
    assert stranger.at("#recording-2 [data-testid=waveform-controls]").count() == 1
    stranger.at("#consent-2 input").check()  # what is said of the box does not cover it
    stranger.at(".validation-error").wait_for(state="detached")
    stranger.button("Generate").click()
    stranger.shows("#status", "Done")


def test_an_error_names_its_line_and_nothing_is_submitted(
    visit: VisitMaker, loaded: HeldPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[Any] = []
    monkeypatch.setattr(loaded, "borrow", lambda *given: spoken.append(given))
    stranger = visit(360, "dark")
    wrong = "Anna: Hello there.\nBen: 你好"
    stranger.write(wrong, "Line 2")
    stranger.button("Generate").click()
    stranger.page.wait_for_timeout(1500)
    stranger.picture("error")
    assert spoken == []
    assert stranger.script() == wrong
    assert "Line 2" in stranger.at("#feedback").inner_text()
    assert "Traceback" not in stranger.page.content()


def test_cancel_stops_ones_own_run_and_nobody_elses(visit: VisitMaker, held: HeldPool) -> None:
    one, other = visit(), visit(360, "dark")
    one.write(HELD_SCRIPT)
    other.write(SCRIPT)
    one.button("Generate").click()
    assert held.reached.wait(30)
    one.at("#status progress").wait_for()
    assert "left" in one.status()
    one.picture("running")
    other.button("Generate").click()
    other.shows("#status", "Waiting in the queue")
    other.picture("waiting")
    one.button("Cancel").click()
    one.shows("#status", "Cancelled")
    assert held.stopped.wait(30)
    other.shows("#status", "Done")
    assert one.script() == HELD_SCRIPT
    assert "Cancelled" in one.status()
    one.generate(SCRIPT)
    one.shows("#status", "Done")


def test_live_sound_plays_before_the_run_is_over(visit: VisitMaker, held: HeldPool) -> None:
    listener = visit()
    listener.write(HELD_SCRIPT)
    listener.button("Generate").click()
    assert held.reached.wait(30)
    listener.shows("#turns", "Good morning to you")
    listener.page.wait_for_function(
        "() => { const a = document.querySelector('#live audio');"
        " return a && a.currentTime > 0.2; }",
        timeout=20_000,
    )
    listener.picture("live")
    assert listener.links() == []
    held.may_go_on.set()
    listener.shows("#status", "Done")


def test_markup_in_words_and_names_is_shown_as_it_is(visit: VisitMaker) -> None:
    stranger = visit()
    stranger.page.evaluate("() => { window.struck = 0; }")
    image = "<img src=x onerror=window.struck=1>"
    stranger.generate(f"Anna: Hello {image} there **bold** [a](http://b.c).\nBen: Fine.")
    stranger.shows("#status", "Done")
    stranger.select(1)
    stranger.page.wait_for_timeout(500)
    assert image in stranger.at("#turns").inner_text()
    assert stranger.page.evaluate("() => window.struck") == 0
    for place in ("#turns", "#feedback", "#notes", "#wave", "#status"):
        assert stranger.at(f"{place} img, {place} strong, {place} a").count() == 0, place
    assert stranger.at("img[src=x]").count() == 0
