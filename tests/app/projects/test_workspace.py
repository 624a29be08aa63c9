import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.backend.pipeline_pool import PipelinePool
from app.projects.edits import redo_turn
from app.projects.project import Project
from app.projects.workspace import DIALOGUE_NAME, KEPT_FOLDERS, MOST_IN_MEMORY, Workspaces
from pipeline.datatypes.redo import Redo
from pipeline.errors import DialogueError
from tests.app.tone_pipeline import TonePipeline

SCRIPT = "Anna: Hello.\nBen: Hi."


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def workspaces(pipeline: TonePipeline, root: Path, clock: Clock) -> Workspaces:
    return Workspaces(lambda: root, pipeline.adopt, 10.0, 100.0, clock)


def _project(pipeline: TonePipeline, seed: int = 1, **more: Any) -> Project:
    return Project(text=SCRIPT, dialogue=pipeline.synthesize(SCRIPT, seed=seed), **more)


STRANGE = [
    None,
    7,
    "",
    "x",
    "0" * 40,
    "../" * 20,
    "../../../../../../../../etc/passwd/" + "a" * 5,
    "/etc/passwd",
    "A" * 40,
    "0" * 40 + "\n",
    "0" * 39 + "/",
    ["0" * 40],
    {"token": "0" * 40},
    b"0" * 40,
]


@pytest.mark.parametrize("token", STRANGE)
def test_what_names_no_workspace_opens_a_new_one_inside_the_root(
    token: Any, workspaces: Workspaces, root: Path
) -> None:
    opened = workspaces.open(token)
    assert opened.token != token
    assert len(opened.token) == 40
    assert opened.folder.parent == root
    assert opened.project is None


def test_a_path_to_a_project_elsewhere_opens_nothing(
    workspaces: Workspaces, pipeline: TonePipeline, root: Path
) -> None:
    other = workspaces.open()
    other.keep(_project(pipeline))
    assert workspaces.open(f"../{root.name}/{other.token}").token != other.token
    assert workspaces.open(f"{other.token}/.").token != other.token


def test_a_project_is_kept_under_its_token(workspaces: Workspaces, pipeline: TonePipeline) -> None:
    mine = workspaces.open()
    project = _project(pipeline)
    mine.keep(project)
    assert workspaces.open(mine.token) is mine
    assert mine.project is project
    assert workspaces.open().project is None


def test_projects_survive_eviction_and_a_new_start_bit_for_bit(
    workspaces: Workspaces, pool: PipelinePool, pipeline: TonePipeline, root: Path
) -> None:
    mine = workspaces.open()
    form = {"seed": 1, "voices": {"Anna": "anna", "Ben": "(surprise me)"}}
    project = redo_turn(pool, _project(pipeline, form=form), Redo(turn=1), lambda *_: None)
    mine.keep(project)
    for seed in range(MOST_IN_MEMORY):
        workspaces.open().keep(_project(pipeline, seed))
    assert workspaces.held(mine.token) is None
    restarted = Workspaces(lambda: root, pipeline.adopt)
    for found in (mine.project, restarted.open(mine.token).project):
        assert found is not None
        assert (found.number, found.text, found.form) == (project.number, SCRIPT, form)
        np.testing.assert_array_equal(found.dialogue.mix.samples, project.dialogue.mix.samples)
        assert [take.seed for take in found.takes[1]] == [take.seed for take in project.takes[1]]
        assert found.dialogue.redoer is pipeline
    assert workspaces.held(mine.token) is not None


def test_only_the_version_that_is_shown_is_worked_on(
    workspaces: Workspaces, pipeline: TonePipeline
) -> None:
    mine = workspaces.open()
    with pytest.raises(DialogueError, match="no dialogue yet; generate one first"):
        mine.expect("")
    project = _project(pipeline)
    mine.keep(project)
    assert mine.expect(project.number) is project
    following = project.changed(text="Anna: Bye.")
    assert following.number != project.number
    mine.keep(following)
    with pytest.raises(DialogueError, match="has changed meanwhile, perhaps in another"):
        mine.expect(project.number)


def test_a_damaged_file_is_told_and_shown_to_nobody(
    workspaces: Workspaces, pipeline: TonePipeline, root: Path
) -> None:
    mine = workspaces.open()
    mine.keep(_project(pipeline))
    (mine.folder / DIALOGUE_NAME).write_bytes(b"no dialogue")
    found = Workspaces(lambda: root, pipeline.adopt).open(mine.token)
    with pytest.raises(DialogueError, match=r"damaged|cannot be read"):
        _ = found.project


def test_when_the_visitor_has_left_all_their_files_go(
    workspaces: Workspaces, pipeline: TonePipeline, clock: Clock, tmp_path: Path
) -> None:
    mine, other = workspaces.open(), workspaces.open()
    for each in (mine, other):
        each.keep(_project(pipeline))
    upload = tmp_path / "voice.wav"
    upload.write_bytes(b"sound")
    mine.note_upload(upload)
    handed_out = mine.new_folder("dialogue")
    workspaces.leave(mine.token)
    clock.now_s = 9.9
    assert workspaces.sweep() == 0
    assert upload.is_file()
    clock.now_s = 10.0
    assert workspaces.sweep() == 1
    assert not upload.exists()
    assert not handed_out.exists()
    assert not mine.folder.exists()
    assert other.folder.exists()
    assert workspaces.held(mine.token) is None
    assert workspaces.open(mine.token).token != mine.token


def test_who_comes_back_in_time_keeps_everything(
    workspaces: Workspaces, pipeline: TonePipeline, clock: Clock
) -> None:
    mine = workspaces.open()
    mine.keep(_project(pipeline))
    workspaces.leave(mine.token)
    clock.now_s = 9.0
    assert workspaces.open(mine.token) is mine
    clock.now_s = 108.0
    assert workspaces.sweep() == 0
    clock.now_s = 109.0
    assert workspaces.sweep() == 1, "who does nothing for long has left, too"


def test_leaving_a_workspace_that_is_not_open_does_nothing(workspaces: Workspaces) -> None:
    workspaces.leave("0" * 40)
    assert workspaces.sweep() == 0


def test_folders_to_hand_out_cannot_be_guessed(workspaces: Workspaces) -> None:
    mine = workspaces.open()
    folders = {mine.new_folder("dialogue") for _ in range(5)}
    assert len(folders) == 5
    assert all(len(folder.name) == 40 and folder.parent == mine.folder for folder in folders)


def test_forms_of_any_json_value_are_kept(workspaces: Workspaces, pipeline: TonePipeline) -> None:
    mine = workspaces.open()
    form = json.loads('{"a": [1, null, "ü", {"b": false}]}')
    mine.keep(_project(pipeline, form=form))
    for seed in range(MOST_IN_MEMORY):
        workspaces.open().keep(_project(pipeline, seed))
    found = mine.project
    assert found is not None
    assert found.form == form


def test_a_workspace_that_is_being_written_holds_up_nobody_else(workspaces: Workspaces) -> None:
    busy, opened = workspaces.open(), []
    busy.note_upload("/nowhere/voice.wav")
    with busy.lock:
        visitor = threading.Thread(target=lambda: opened.append(workspaces.open()), daemon=True)
        visitor.start()
        visitor.join(30)
    assert len(opened) == 1


def test_of_older_folders_for_one_purpose_only_the_latest_are_kept(workspaces: Workspaces) -> None:
    mine = workspaces.open()
    turns = [mine.new_folder("turn") for _ in range(KEPT_FOLDERS + 2)]
    shown = mine.new_folder("dialogue")
    assert [folder.is_dir() for folder in turns] == [False, False, *[True] * KEPT_FOLDERS]
    assert shown.is_dir()


def test_an_upload_that_two_visitors_share_outlives_the_first_to_leave(
    workspaces: Workspaces, tmp_path: Path
) -> None:
    upload, own = tmp_path / "shared.wav", tmp_path / "own.wav"
    for path in (upload, own):
        path.write_bytes(b"sound")
    first, second = workspaces.open(), workspaces.open()
    for each in (first, second):
        each.note_upload(upload)
    first.note_upload(own)
    first.remove(second.uploads)
    assert upload.is_file()
    assert not own.exists()
