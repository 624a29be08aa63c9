"""Result files that appear whole or not at all, and early refusal where they could not."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.errors import AudioError

FileWriter = Callable[[Path], None]


def check_can_write(path: Path, expected_bytes: int = 0) -> None:
    """Refuse, before any work, an output that could not be written.

    Args:
        path: the file to be.
        expected_bytes: about how large it and its companions will be.

    Raises:
        AudioError: if its folder is missing, closed to us or too full, or the path is a folder.
    """
    folder = path.parent
    if path.is_dir():
        raise AudioError(f"{path} is a folder; name a file, for example {path / 'talk.wav'}")
    if not folder.is_dir():
        raise AudioError(f"the output folder {folder} does not exist; create it or choose another")
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{path.name}."):
            free_bytes = shutil.disk_usage(folder).free
    except OSError as error:
        raise AudioError(
            f"cannot write in the output folder {folder} ({error.strerror}); choose another with -o"
        ) from error
    if free_bytes < expected_bytes:
        raise AudioError(
            f"{folder} has {free_bytes / 1e6:.1f} MB free and about {expected_bytes / 1e6:.1f} MB "
            "are needed; free some space or choose another folder"
        )


def publish(writers: Mapping[Path, FileWriter]) -> None:
    """Write several files so that all appear complete, or none does.

    Each is written in a hidden folder beside its final place; only when every one is whole are they
    moved, one rename each.

    Args:
        writers: final path to the function that fills the file it is given.

    Raises:
        AudioError: if a file cannot be written, for example because the disk is full.
    """
    staged: dict[Path, Path] = {}
    folders: dict[Path, Path] = {}
    try:
        for path, write in writers.items():
            if path.parent not in folders:
                folders[path.parent] = Path(tempfile.mkdtemp(prefix=".colloquy.", dir=path.parent))
            staged[path] = folders[path.parent] / path.name
            write(staged[path])
        for path, temporary in staged.items():
            temporary.replace(path)
    except OSError as error:
        raise AudioError(
            f"cannot write {path} ({error.strerror or error}); nothing was changed, "
            "free some space or choose another folder"
        ) from error
    finally:
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)


def text_writer(text: str) -> FileWriter:
    """A writer of one UTF-8 text file."""
    return lambda path: _write_text(path, text)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
