"""Files that appear whole or not at all."""

from pathlib import Path

import pytest

from pipeline.files.atomic import write_atomically


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("old", encoding="utf-8")

    def fail(temporary: Path) -> None:
        temporary.write_text("half of the ne", encoding="utf-8")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, fail)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_can_be_read_by_everybody(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_atomically(path, lambda file: file.write_bytes(b"new") and None)
    assert path.stat().st_mode & 0o777 == 0o644
