"""A dialogue is worked on: turns made anew, takes compared, locks, edits, projects taken home."""

from pathlib import Path

import numpy as np
import pytest

from tests.browser.conftest import VisitMaker
from tests.browser.visit import SCRIPT, Spoken, Visit

pytestmark = pytest.mark.slow


def _same_but(before: Spoken, after: Spoken, changed: int) -> None:
    """All turns but one are heard as before, to the sample; that one is not."""
    for index in range(len(before.captions)):
        same = after.holds(before.turn(index), index)
        assert same == (index != changed), index


def test_a_turn_made_anew_leaves_the_others_and_its_first_take_comes_back(
    visit: VisitMaker,
) -> None:
    stranger = visit().generate(SCRIPT)
    first = stranger.fetch("dialogue.wav")
    before = stranger.take_away()
    stranger.do(stranger.row(2).locator("[data-action=redo]"))
    stranger.shows("#turns", "2 of 2")
    _same_but(before, stranger.take_away(), 1)
    other = stranger.fetch("dialogue.wav")
    stranger.picture("redone")
    stranger.do(stranger.row(2).locator("[data-action=take]"))
    stranger.shows("#turns", "1 of 2")
    assert stranger.fetch("dialogue.wav") == first
    stranger.do(stranger.row(2).locator("[data-action=take]"))
    assert stranger.fetch("dialogue.wav") == other


def test_other_words_for_one_turn_leave_the_others_and_a_lock_refuses_them(
    visit: VisitMaker,
) -> None:
    stranger = visit().generate(SCRIPT)
    before = stranger.take_away()
    stranger.select(2)
    words = stranger.page.get_by_label("Its words")
    words.fill("A very good morning to you, my dear Anna.")
    stranger.do(stranger.button("Redo turn"))
    stranger.shows("#turns", "my dear Anna")
    after = stranger.take_away()
    _same_but(before, after, 1)
    stranger.row(2).locator("[data-action=lock]").click()
    stranger.shows("#turns", "Unlock")
    assert stranger.row(2).locator("[data-action=redo]").is_disabled()
    stranger.button("Redo turn").click()
    stranger.shows("#status", "locked")
    assert np.array_equal(stranger.take_away().samples, after.samples)


def test_only_what_changed_in_the_script_is_spoken(visit: VisitMaker) -> None:
    stranger = visit().generate(SCRIPT)
    before = stranger.take_away()
    stranger.write(SCRIPT.replace("Shall we walk to the river?", "You are late again."))
    stranger.do(stranger.button("Speak only what changed"))
    stranger.shows("#turns", "You are late")
    stranger.shows("#notes", "spoken anew: turn 3")
    _same_but(before, stranger.take_away(), 2)


def _project(stranger: Visit, folder: Path) -> Path:
    stranger.at("button.label-wrap").filter(has_text="Choose files and format").click()
    stranger.do(stranger.at("#export"))
    path = folder / "dialogue.zip"
    path.write_bytes(stranger.fetch("dialogue.zip"))
    return path


def test_a_project_opens_in_another_browser_and_goes_on_there(
    visit: VisitMaker, tmp_path: Path
) -> None:
    stranger = visit()
    stranger.write(SCRIPT)
    stranger.choose_voice("Ben", "hamish")
    stranger.generate()
    sound = stranger.take_away()
    path = _project(stranger, tmp_path)
    elsewhere = visit()
    elsewhere.open_file(path)
    elsewhere.shows("#turns", "Shall we walk")
    voice = elsewhere.page.get_by_label("Voice of Ben")
    elsewhere.waits_until(lambda: "hamish" in voice.input_value())
    assert elsewhere.script() == SCRIPT
    assert np.array_equal(elsewhere.take_away().samples, sound.samples)
    elsewhere.do(elsewhere.row(3).locator("[data-action=redo]"))
    elsewhere.shows("#turns", "2 of 2")
    _same_but(sound, elsewhere.take_away(), 2)


def test_what_was_generated_over_comes_back(visit: VisitMaker) -> None:
    stranger = visit().generate(SCRIPT)
    before = stranger.take_away()
    stranger.write(SCRIPT.replace("river", "tower"))
    stranger.generate()
    assert not np.array_equal(stranger.take_away().samples, before.samples)
    stranger.do(stranger.button("Undo"))
    assert np.array_equal(stranger.take_away().samples, before.samples)
    stranger.waits_until(lambda: stranger.script() == SCRIPT)
    stranger.picture("undone")
