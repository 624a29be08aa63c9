import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.page.project_view import Updates
from app.projects.workspace import DIALOGUE_NAME, Workspaces
from tests.app.page.desk import SCRIPT, Desk, visitor
from tests.app.page.test_form import GARBAGE

KEYS = ("text", "seed", "retakes", "choices", "cast", "token", "more")
STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e308,
    "",
    "../../etc/passwd",
    "\x00",
    [],
    [None] * 4,
    [["anna"]] * 4,
    ["Ann"] * 4,
    [{"a": 1}] * 9,
    {},
)


def _open(desk: Desk, saved: Any, name: str = "ann") -> Updates:
    return desk.restoring.open(saved, visitor(name))


@pytest.mark.parametrize("saved", GARBAGE)
def test_whatever_a_browser_kept_the_page_opens(saved: Any, desk: Desk) -> None:
    shown = _open(desk, saved)
    assert shown[desk.token] == shown[desk.saved]["token"]
    assert len(shown[desk.token]) == 40
    assert desk.form.script.text not in shown


def test_garbage_of_every_kind_opens_the_page_and_can_be_checked(desk: Desk) -> None:
    draw = random.Random(2)
    for _ in range(300):
        saved = {key: draw.choice(STRANGE) for key in KEYS if draw.random() < 0.8}
        shown = _open(desk, saved)
        assert len(shown[desk.token]) == 40
        assert all(isinstance(name, str) for name in shown[desk.form.cast])
        for row in desk.form.rows:
            assert shown.get(row.choice, "anna") == "anna"


def test_the_dialogue_and_the_form_are_as_they_were_left(desk: Desk) -> None:
    project, token = desk.speak()
    saved = {
        "text": f"{SCRIPT}\nBen: More.",
        "seed": 3,
        "retakes": 2,
        "choices": ["ben", "zoe", "(surprise me)", "(my recording)"],
        "cast": ["Ben", "Anna", "", ""],
        "token": token,
        "kept by another version": 1,
    }
    shown = _open(desk, saved, "later")
    assert shown[desk.saved] == saved
    assert (shown[desk.token], shown[desk.number]) == (token, project.number)
    assert "Your last dialogue is here again" in desk.status(shown)
    assert shown[desk.form.script.text] == saved["text"]
    assert shown[desk.form.cast] == saved["cast"]
    choices = [shown.get(row.choice) for row in desk.form.rows]
    assert choices == ["ben", None, "(surprise me)", "(my recording)"], "zoe is not there any more"
    desk.visits.forget("ann")
    assert desk.visits.forget("later") == {token}


def test_opening_the_page_again_and_again_leaves_the_files_that_others_link_to(desk: Desk) -> None:
    project, token = desk.speak()
    opened = [_open(desk, {"token": token}, f"tab {number}") for number in range(6)]
    files = [shown[desk.downloads]["value"] for shown in opened]
    assert files == [files[0]] * 6
    assert all(Path(path).is_file() for path in files[0])
    Path(files[0][1]).unlink()
    again = _open(desk, {"token": token})[desk.downloads]["value"]
    assert all(Path(path).is_file() for path in again)
    assert desk.project(token) is project


def test_after_a_new_start_of_the_server_the_dialogue_is_there(desk: Desk) -> None:
    project, token = desk.speak()
    root = desk.workspaces.open(token).folder.parent
    again = Desk(desk.pool, desk.queue, Workspaces(lambda: root, desk.pool.shared.adopt))
    shown = _open(again, {"token": token})
    assert shown[again.number] == project.number
    np.testing.assert_array_equal(
        again.project(token).dialogue.mix.samples, project.dialogue.mix.samples
    )


def test_a_dialogue_that_is_damaged_is_told_and_the_page_opens(desk: Desk) -> None:
    _, token = desk.speak()
    folder = desk.workspaces.open(token).folder
    (folder / DIALOGUE_NAME).write_bytes(b"spoilt")
    again = Desk(desk.pool, desk.queue, Workspaces(lambda: folder.parent, desk.pool.shared.adopt))
    shown = _open(again, {"token": token, "text": SCRIPT})
    assert "Your last dialogue is gone" in again.status(shown)
    assert 'class="problem"' in again.status(shown)
    assert str(folder) not in again.status(shown)
    assert shown[again.form.script.text] == SCRIPT


def test_a_token_of_nobody_opens_an_empty_page(desk: Desk) -> None:
    _, token = desk.speak()
    for strange in ("0" * 40, token[:-1], f"{token}/", f"../{token}"):
        shown = _open(desk, {"token": strange})
        assert shown[desk.token] != token
        assert desk.number not in shown
