import errno
from pathlib import Path

import pytest

from app.export.files import check_can_write, publish, text_writer
from pipeline.errors import AudioError


def _full_disk(path: Path) -> None:
    path.write_text("half", encoding="utf-8")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_all_files_appear_together(tmp_path: Path) -> None:
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    publish({path: text_writer(path.name) for path in paths})
    assert sorted(tmp_path.iterdir()) == paths
    assert [path.read_text(encoding="utf-8") for path in paths] == ["a.txt", "b.txt"]


def test_when_one_file_fails_none_changes(tmp_path: Path) -> None:
    old = tmp_path / "a.txt"
    old.write_text("old", encoding="utf-8")
    with pytest.raises(AudioError, match="No space left"):
        publish({old: text_writer("new"), tmp_path / "b.txt": _full_disk})
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_text(encoding="utf-8") == "old"


def test_a_writable_folder_is_left_as_it_was(tmp_path: Path) -> None:
    check_can_write(tmp_path / "talk.wav", expected_bytes=1000)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AudioError, match="is a folder"):
        check_can_write(tmp_path)
    with pytest.raises(AudioError, match="does not exist"):
        check_can_write(tmp_path / "absent" / "talk.wav")
    with pytest.raises(AudioError, match="MB free"):
        check_can_write(tmp_path / "talk.wav", expected_bytes=10**18)

    def refuse(**options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("app.export.files.tempfile.NamedTemporaryFile", refuse)
    with pytest.raises(AudioError, match="cannot write in the output folder"):
        check_can_write(tmp_path / "talk.wav")
