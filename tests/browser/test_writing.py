"""The script is imported, typed as text and as lines, and edited turn by turn."""

import json
from pathlib import Path

import pytest

from tests.browser.conftest import VisitMaker
from tests.browser.visit import SCRIPT, Visit

pytestmark = pytest.mark.slow

FILES = {
    "talk.txt": "Anna: From a text.\nBen: Indeed.",
    "talk.md": "**Anna:** From a text.\n\n**Ben:** Indeed.",
    "talk.srt": "1\n00:00:00,000 --> 00:00:01,000\nAnna: From a text.\n\n"
    "2\n00:00:01,500 --> 00:00:02,000\nBen: Indeed.\n",
    "talk.json": json.dumps(
        [{"speaker": "Anna", "text": "From a text."}, {"speaker": "Ben", "text": "Indeed."}]
    ),
}


@pytest.fixture
def writer(visit: VisitMaker) -> Visit:
    stranger = visit()
    stranger.write(SCRIPT)
    return stranger


def _script_is(writer: Visit, script: str) -> None:
    writer.page.wait_for_function(
        "(text) => document.querySelector('#script textarea').value.trim() === text",
        arg=script,
        timeout=5000,
    )
    writer.page.wait_for_timeout(400)


def _first_line_is(writer: Visit, words: str) -> None:
    writer.page.wait_for_function(
        "(words) => document.querySelector('#lines textarea')?.value === words", arg=words
    )


def test_scripts_are_read_from_files(writer: Visit, tmp_path: Path) -> None:
    for name, text in FILES.items():
        writer.write(SCRIPT)
        (tmp_path / name).write_text(text, encoding="utf-8")
        writer.open_file(tmp_path / name)
        writer.page.wait_for_function(
            "() => document.querySelector('#script textarea').value.includes('From a text.')"
        )
        assert "Anna" in writer.script(), name
        assert "Indeed." in writer.script(), name
        writer.page.wait_for_timeout(400)


def test_lines_and_text_follow_each_other(writer: Visit) -> None:
    writer.page.get_by_role("tab", name="Lines").click()
    first = writer.page.get_by_label("Text of line 1")
    _first_line_is(writer, "Good morning, Ben.")
    first.fill("Good evening, Ben.")
    first.press("End")
    first.type(" Are you well?")
    edited = SCRIPT.replace("Good morning, Ben.", "Good evening, Ben. Are you well?")
    _script_is(writer, edited)
    writer.picture("lines")
    writer.page.get_by_role("tab", name="Text").click()
    assert writer.script().strip() == edited
    writer.write("Anna: Quite another talk.\nBen: So it is.")
    writer.page.get_by_role("tab", name="Lines").click()
    _first_line_is(writer, "Quite another talk.")


def test_buttons_edit_a_turn(writer: Visit) -> None:
    one, two, three = SCRIPT.splitlines()
    writer.at("#tools button.label-wrap").click()
    writer.button("Move down").click()
    _script_is(writer, f"{two}\n{one}\n{three}")
    writer.button("Move up").click()
    _script_is(writer, SCRIPT)
    writer.page.get_by_label("Split before these words").fill("Ben.")
    writer.button("Split").click()
    _script_is(writer, f"Anna: Good morning,\nAnna: Ben.\n{two}\n{three}")
    writer.button("Merge with the next").click()
    _script_is(writer, SCRIPT)
    writer.page.get_by_label("Gap before, in seconds; below 0 overlaps").fill("0.5")
    writer.button("Set pace and gap").click()
    writer.page.wait_for_function(
        "() => document.querySelector('#script textarea').value.includes('0.5')"
    )
    writer.page.get_by_label("Word in the turn").fill("morning")
    writer.page.get_by_label("Say it as").fill("mourning")
    writer.button("Respell").click()
    writer.page.wait_for_function(
        "() => document.querySelector('#script textarea').value.includes('mourning')"
    )
    before = len(writer.script().splitlines())
    writer.page.wait_for_timeout(400)
    writer.button("Add below").click()
    writer.page.wait_for_function(
        "(n) => document.querySelector('#script textarea').value.split('\\n').length > n",
        arg=before,
    )
    writer.picture("tools")


def test_an_edit_that_cannot_be_made_is_told_and_changes_nothing(writer: Visit) -> None:
    writer.at("#tools button.label-wrap").click()
    writer.page.get_by_label("Split before these words").fill("zebra")
    writer.button("Split").click()
    writer.at("[data-testid=toast-body]").filter(has_text="does not hold the words").wait_for()
    writer.picture("refused-edit")
    assert writer.script() == SCRIPT
