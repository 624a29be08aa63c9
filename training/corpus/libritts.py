"""Recordings in the layout of LibriTTS: `<speaker>/<chapter>/<utterance>.wav`, its text beside it.

Around that there may be folders for parts: dev-* is held out, test-* is left alone.
"""

from pathlib import Path

SOUNDS = (".wav", ".flac")
TEXT_SUFFIX = ".normalized.txt"

_SPEAKERS_PER_DEV_SPEAKER = 50


def libritts_rows(folder: Path) -> list[dict[str, str]]:
    """Rows as of a manifest; none where the folder has another layout.

    Without a folder named dev-*, every fiftieth speaker is held out if there are several.

    Args:
        folder: holds speakers, or folders of speakers.

    Returns:
        "path" (relative to the folder), "speaker", "split" ("train" or "dev") and "text" (empty
        where no `<utterance>.normalized.txt` is beside the sound), in the order of the paths.
    """
    paths = [
        path.relative_to(folder)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SOUNDS
    ]
    paths = [path for path in paths if len(path.parts) >= 3 and not _is_in_part(path, "test-")]
    speakers = sorted({_speaker(path) for path in paths})
    held_out = set(speakers[::_SPEAKERS_PER_DEV_SPEAKER] if len(speakers) > 1 else ())
    if any(_is_in_part(path, "dev-") for path in paths):
        held_out = {_speaker(path) for path in paths if _is_in_part(path, "dev-")}
    return [
        {
            "path": str(path),
            "speaker": _speaker(path),
            "split": "dev" if _speaker(path) in held_out else "train",
            "text": _text_beside(folder / path),
        }
        for path in paths
    ]


def _speaker(path: Path) -> str:
    return path.parts[-3]


def _is_in_part(path: Path, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in path.parts[:-3])


def _text_beside(path: Path) -> str:
    beside = path.with_name(path.stem + TEXT_SUFFIX)
    return beside.read_text(encoding="utf-8").strip() if beside.is_file() else ""
