import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.export.bundle import PARTS
from app.page.sections.take_away import PART_LABELS, USUAL_PARTS
from app.projects.project import Project
from app.projects.voice_choices import OWN_RECORDING
from pipeline.audio.write import available_formats
from tests.app.page.desk import SCRIPT, Desk, collect, visitor


def _zip(desk: Desk, token: str) -> Path:
    (path,) = [
        each
        for each in desk.take_away.export(["project"], "wav", token, desk.project(token).number)
        if each.endswith(".zip")
    ]
    return Path(path)


def _redone(desk: Desk, **more: Any) -> tuple[Project, str]:
    project, token = desk.speak(**more)
    collect(desk.speaking.redo_again(1, token, project.number, visitor("ann")))
    return desk.project(token), token


@pytest.mark.parametrize("sound_format", available_formats())
@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_written_in_every_format(part: str, sound_format: str, desk: Desk) -> None:
    project, token = desk.speak()
    made = [
        Path(path) for path in desk.take_away.export([part], sound_format, token, project.number)
    ]
    assert all(path.stat().st_size > 0 for path in made)
    assert all(path.is_relative_to(desk.workspaces.open(token).folder) for path in made)
    assert len(made) > 1, "the settings, and what was asked for"
    sounds = {path.suffix for path in made if part in ("mix", "stereo", "stems", "turns")}
    assert sounds <= {f".{sound_format}", ".json"}


def test_all_parts_have_a_label_and_are_usual() -> None:
    assert {*PART_LABELS} == {*PARTS} == {*USUAL_PARTS}


def test_what_cannot_be_exported_is_told(desk: Desk) -> None:
    project, token = desk.speak()
    for parts, sound_format, number, words in (
        ([], "wav", project.number, "Cannot export nothing"),
        (["film"], "wav", project.number, "Cannot export film"),
        (["mix"], "wma", project.number, "wma"),
        (["mix"], "../x", project.number, "x"),
        (["mix"], "wav", "old", "another tab"),
    ):
        with pytest.raises(gr.Error, match=words):
            desk.take_away.export(parts, sound_format, token, number)
    with pytest.raises(gr.Error, match="no dialogue yet"):
        desk.take_away.export(["mix"], "wav", "", "")


def test_a_project_opens_again_bit_for_bit_with_its_takes_and_form(desk: Desk) -> None:
    before, token = _redone(desk, choices=("ben", "(surprise me)", "anna", "ben"), seed=5)
    path = _zip(desk, token)
    new = desk.workspaces.open().token
    shown = desk.take_away.open_file(str(path), new, visitor("zoe"))
    after = desk.project(new)
    np.testing.assert_array_equal(after.dialogue.mix.samples, before.dialogue.mix.samples)
    assert [take.seed for take in after.takes[1]] == [take.seed for take in before.takes[1]]
    assert (after.text, after.form) == (before.text, before.form)
    assert shown[desk.form.script.text] == SCRIPT
    assert shown[desk.form.cast] == ["Anna", "Ben"]
    assert [shown[row.choice] for row in desk.form.rows[:2]] == ["ben", "(surprise me)"]
    assert shown[desk.form.controls.seed] == 5
    assert (shown[desk.token], shown[desk.number]) == (new, after.number)
    assert desk.visits.forget("zoe") == {new}
    collect(desk.speaking.redo_again(0, new, after.number, visitor("zoe")))
    assert len(desk.project(new).takes[0]) == 2


def test_a_cloned_voice_goes_with_the_project(desk: Desk, recordings: dict[str, Path]) -> None:
    project, token = desk.speak(
        choices=(OWN_RECORDING, "ben", "anna", "ben"),
        recordings=(str(recordings["good"]), None, None, None),
        consents=(True, False, False, False),
    )
    with zipfile.ZipFile(_zip(desk, token)) as archive:
        assert "voices/S1.safetensors" in archive.namelist()
        assert "voices/S2.safetensors" not in archive.namelist()
    assert project.dialogue.voices["S1"].name == "good"


def test_a_script_file_opens_as_text(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "talk.TXT"
    path.write_text(SCRIPT, encoding="utf-8")
    shown = desk.take_away.open_file(str(path), "", visitor("ann"))
    assert shown[desk.form.script.text].strip() == SCRIPT


def _not_a_zip(source: Path, path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 no zip at all")


def _cut(source: Path, path: Path) -> None:
    path.write_bytes(source.read_bytes()[: source.stat().st_size // 2])


def _empty(source: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w"):
        pass


def _rewrite(change: Callable[[dict[str, bytes]], None]) -> Callable[[Path, Path], None]:
    def write(source: Path, path: Path) -> None:
        with zipfile.ZipFile(source) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)

    return write


def _manifest(**changes: Any) -> Callable[[Path, Path], None]:
    def change(members: dict[str, bytes]) -> None:
        members["project.json"] = json.dumps(
            {**json.loads(members["project.json"]), **changes}
        ).encode()

    return _rewrite(change)


HOSTILE: dict[str, Callable[[Path, Path], None]] = {
    "no zip": _not_a_zip,
    "cut": _cut,
    "empty": _empty,
    "no manifest": _rewrite(lambda members: members.__delitem__("project.json")),
    "manifest of nothing": _rewrite(lambda members: members.update({"project.json": b"[]"})),
    "no dialogue": _rewrite(lambda members: members.__delitem__("dialogue.safetensors")),
    "bad dialogue": _rewrite(lambda members: members.update({"dialogue.safetensors": b"x" * 99})),
    "bomb": _rewrite(lambda members: members.update({"project.json": b" " * 300_000_000})),
    "newer": _manifest(format=99),
    "path": _manifest(files=["../../x", "dialogue.safetensors"]),
    "text of nothing": _manifest(text=None),
    "form of nothing": _manifest(form=[]),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_zip_is_a_message_and_changes_nothing(
    kind: str, desk: Desk, tmp_path: Path
) -> None:
    project, token = desk.speak()
    path = tmp_path / "<b>evil.zip"
    HOSTILE[kind](_zip(desk, token), path)
    shown = desk.take_away.open_file(str(path), token, visitor("ann"))
    assert list(shown) == [desk.form.script.feedback]
    assert 'class="problem"' in shown[desk.form.script.feedback]
    assert "<b>" not in shown[desk.form.script.feedback]
    assert str(tmp_path) not in shown[desk.form.script.feedback]
    assert desk.project(token) is project


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"seed": "x", "retakes": [], "voices": "anna"},
        {"seed": {}, "retakes": None, "voices": {"Anna": ["anna"], "Ben": {"a": 1}}},
        {"voices": {str(number): "anna" for number in range(50)}},
        {"voices": {"Anna": "/etc/passwd", "Ben": None}},
        {"voices": None, "unknown": True},
    ],
)
def test_a_form_of_any_kind_opens(form: dict[str, Any], desk: Desk, tmp_path: Path) -> None:
    _, token = desk.speak()
    path = tmp_path / "talk.zip"
    _manifest(form=form)(_zip(desk, token), path)
    new = desk.workspaces.open().token
    shown = desk.take_away.open_file(str(path), new, visitor("ann"))
    assert shown[desk.form.script.text] == SCRIPT
    chosen = [shown[row.choice] for row in desk.form.rows if row.choice in shown]
    assert set(chosen) <= {"anna"}
    number = desk.project(new).number
    assert desk.take_away.export(["project"], "wav", new, number), "and can be taken away again"
