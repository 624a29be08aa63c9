import errno
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app.export.project_zip import (
    ProjectContents,
    ProjectError,
    ProjectLimits,
    read_project,
    write_project,
)

FORM = {"seed": 7, "retakes": 0, "voices": {"S1": "anna", "S2": None}, "names": ["Anna", "Böse"]}


def _project(**changes: Any) -> ProjectContents:
    contents: dict[str, Any] = {
        "text": "Anna: Hello — «there».\n\tBen: Hi. \U0001f600\n",
        "form": FORM,
        "dialogue": b"\0dialogue\xff" * 1000,
        "voice_files": {"S1": b"voice 1", "S4": b"voice 4"},
        "extras": {"dialogue.wav": b"RIFF" * 5000, "turns/001-S1.mp3": b"mp3" * 100},
    }
    return ProjectContents(**{**contents, **changes})


def _rewritten(path: Path, **changes: Any) -> Path:
    """The project with another manifest."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    values = {**json.loads(members["project.json"]), **changes}
    kept = {key: value for key, value in values.items() if value is not ...}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, json.dumps(kept) if name == "project.json" else data)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "talk.zip"
    write_project(path, _project())
    return path


def test_what_went_in_comes_out_without_the_extras(project: Path) -> None:
    again = read_project(project)
    wanted = _project()
    assert (again.text, again.form) == (wanted.text, wanted.form)
    assert again.dialogue == wanted.dialogue
    assert again.voice_files == wanted.voice_files
    assert again.extras == {}


def test_files_go_in_and_come_out_as_files(tmp_path: Path, project: Path) -> None:
    dialogue, voice, folder = tmp_path / "a.bin", tmp_path / "b.safetensors", tmp_path / "out"
    dialogue.write_bytes(_project().dialogue)
    voice.write_bytes(b"voice 1")
    folder.mkdir()
    voices = {"S4": b"voice 4", "S1": voice}
    write_project(tmp_path / "files.zip", _project(dialogue=dialogue, voice_files=voices))
    assert (tmp_path / "files.zip").read_bytes() == project.read_bytes()
    again = read_project(project, folder=folder)
    assert again.dialogue == folder / "dialogue.safetensors"
    assert again.dialogue.read_bytes() == dialogue.read_bytes()
    assert again.voice_files["S1"].read_bytes() == b"voice 1"
    assert sorted(folder.iterdir()) == sorted([again.dialogue, *again.voice_files.values()])
    write_project(tmp_path / "again.zip", again)
    assert read_project(tmp_path / "again.zip").dialogue == _project().dialogue


def test_voices_that_nobody_asks_for_are_not_read(tmp_path: Path, project: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    again = read_project(project, folder=folder, with_voices=False)
    assert again.voice_files == {}
    assert list(folder.iterdir()) == [again.dialogue]
    no_room = ProjectLimits(total_bytes=_unpacked(project, "project.json", "dialogue.safetensors"))
    assert read_project(project, no_room, with_voices=False).dialogue == _project().dialogue
    with pytest.raises(ProjectError, match="unpacks to more than"):
        read_project(project, no_room)


def _unpacked(project: Path, *names: str) -> int:
    with zipfile.ZipFile(project) as archive:
        return sum(archive.getinfo(name).file_size for name in names)


def test_a_project_can_be_kept_before_anything_is_spoken(tmp_path: Path) -> None:
    write_project(tmp_path / "draft.zip", ProjectContents(text="Anna: "))
    assert read_project(tmp_path / "draft.zip") == ProjectContents(text="Anna: ")


def test_the_same_project_is_the_same_bytes(tmp_path: Path, project: Path) -> None:
    backwards = dict(reversed(_project().extras.items()))
    form = dict(reversed(FORM.items()))
    write_project(tmp_path / "b.zip", _project(extras=backwards, form=form))
    assert (tmp_path / "b.zip").read_bytes() == project.read_bytes()


def test_text_and_wav_are_packed_and_packed_sound_is_not(project: Path) -> None:
    with zipfile.ZipFile(project) as archive:
        methods = {each.filename: each.compress_type for each in archive.infolist()}
        assert archive.testzip() is None
    deflated = {name for name, method in methods.items() if method == zipfile.ZIP_DEFLATED}
    assert deflated == {"project.json", "dialogue.wav"}
    assert zipfile.ZIP_STORED == methods["turns/001-S1.mp3"] == methods["dialogue.safetensors"]


def test_a_project_that_another_program_has_packed_again_still_opens(
    tmp_path: Path, project: Path
) -> None:
    with zipfile.ZipFile(project) as archive:
        archive.extractall(tmp_path / "unpacked")
    with zipfile.ZipFile(tmp_path / "again.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((tmp_path / "unpacked").rglob("*"), reverse=True):
            archive.write(path, path.relative_to(tmp_path / "unpacked"))
        archive.writestr("__MACOSX/._project.json", b"a leftover")
    assert read_project(tmp_path / "again.zip") == read_project(project)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "something"}, "of no Colloquy project"),
        ({"format": 2}, r"made by a newer Colloquy \(format 2, this one reads up to 1\); update"),
        ({"format": "1"}, "has no format number, read '1'"),
        ({"format": True}, "has no format number, read True"),
        ({"format": 0}, "has no format number, read 0"),
        ({"form": ...}, "missing or unknown keys: form"),
        ({"more": 1}, "missing or unknown keys: more"),
        ({"text": ["Anna"]}, "'text' in project.json is not of the kind"),
        ({"form": []}, "'form' in project.json is not of the kind"),
        ({"files": {}}, "'files' in project.json is not of the kind"),
        ({"files": [1]}, "is not a list of names"),
        ({"files": []}, "damaged: dialogue.safetensors, voices/S1.safetensors"),
        ({"files": ["../x", "dialogue.safetensors"]}, r"damaged: \.\./x"),
    ],
)
def test_a_manifest_that_is_not_as_it_should_be_is_refused(
    project: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ProjectError, match=message) as caught:
        read_project(_rewritten(project, **changes))
    assert str(project) in str(caught.value)


def test_a_manifest_that_is_no_object_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("project.json", "[]")
    with pytest.raises(ProjectError, match="of no Colloquy project"):
        read_project(tmp_path / "a.zip")


def test_when_one_file_is_damaged_none_is_unpacked(tmp_path: Path, project: Path) -> None:
    data = bytearray(project.read_bytes())
    data[data.index(b"voice 4")] ^= 1
    project.write_bytes(data)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(ProjectError, match=r"voices/S4\.safetensors in it is damaged"):
        read_project(project, folder=folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"form": {"seed": float("inf")}}, "a value that a project cannot keep"),
        ({"form": {"path": Path("x")}}, "a value that a project cannot keep"),
        ({"text": "half a character: \ud83d"}, "a value that a project cannot keep"),
        ({"voice_files": {"S5": b""}}, "no speaker is called 'S5'; there are S1, S2, S3, S4"),
        ({"voice_files": {"../S1": b""}}, "no speaker is called"),
        ({"voice_files": {"S1": Path("me.wav")}}, "keeps voices .*, not recordings"),
        ({"extras": {"../x.wav": b""}}, "can be called '../x.wav'"),
        ({"extras": {"/x.wav": b""}}, "can be called '/x.wav'"),
        ({"extras": {"project.json": b""}}, "cannot be called 'project.json'"),
        ({"extras": {"voices/S3.safetensors": b""}}, "cannot be called 'voices/S3.safetensors'"),
        ({"dialogue": Path("/absent/file")}, "cannot be written .*/absent/file"),
    ],
)
def test_what_a_project_cannot_keep_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ProjectError, match=message):
        write_project(tmp_path / "talk.zip", _project(**changes))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"member_bytes": 9_999}, "dialogue.safetensors has 0.0 MB, too many"),
        ({"total_bytes": 10_020}, "together too large for a project"),
        ({"zip_bytes": 5_000}, "MB are too many"),
        ({"members": 5}, "6 members are too many; at most 5"),
        ({"manifest_depth": 2}, "nested more than 2 deep"),
        ({"manifest_bytes": 100}, "unpacks to more than"),
    ],
)
def test_what_could_not_be_opened_again_is_not_written(
    tmp_path: Path, limits: dict[str, int], message: str
) -> None:
    with pytest.raises(ProjectError, match=message) as caught:
        write_project(tmp_path / "talk.zip", _project(), ProjectLimits(**limits))
    assert "/." not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_no_zip_can_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 5_000)
    with pytest.raises(ProjectError, match=r"too large for a zip.*leave out sounds"):
        write_project(tmp_path / "talk.zip", _project())
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("app.export.project_zip.shutil.copyfileobj", refuse)
    (tmp_path / "dialogue").write_bytes(b"x")
    with pytest.raises(ProjectError, match=r"cannot be written.*No space left"):
        write_project(tmp_path / "talk.zip", _project(dialogue=tmp_path / "dialogue"))
    assert [path.name for path in tmp_path.iterdir()] == ["dialogue"]
