"""A finished dialogue as files, sound, stems and captions, that appear whole or not at all."""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline.audio.write import write_sound, write_wav
from pipeline.datatypes.dialogue import Caption, Dialogue
from pipeline.datatypes.sound import Waveform
from pipeline.errors import AudioError
from pipeline.waveform_to_dialogue.captions import (
    captions_to_json,
    captions_to_srt,
    captions_to_vtt,
)

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


CAPTION_FORMATS = ("srt", "vtt", "json")

Names = Mapping[str, str]


def companion_paths(wav: Path, formats: Sequence[str], speakers: Sequence[str]) -> list[Path]:
    """The files that appear beside a wav: "talk.srt" for captions, "talk.S1.wav" for stems."""
    captions = [wav.with_suffix(f".{name}") for name in dict.fromkeys(formats)]
    return captions + [stem_path(wav, speaker) for speaker in speakers]


def result_writers(
    dialogue: Dialogue, wav: Path, formats: Sequence[str], names: Names, stems: bool = False
) -> dict[Path, FileWriter]:
    """What to write where, for `publish`.

    Args:
        dialogue: what was spoken.
        wav: the file of the mix; the others are named after it.
        formats: caption formats out of `CAPTION_FORMATS`.
        names: speaker ("S1") to the name shown in captions.
        stems: also one wav per speaker.
    """
    writers: dict[Path, FileWriter] = {wav: _wav_writer(dialogue.mix)}
    for name in formats:
        text = caption_text(name, dialogue.captions, names)
        writers[wav.with_suffix(f".{name}")] = text_writer(text)
    if stems:
        for speaker, waveform in dialogue.stems.items():
            writers[stem_path(wav, speaker)] = _wav_writer(waveform)
    return writers


def stem_path(wav: Path, speaker: str) -> Path:
    """The file of one speaker: "talk.S1.wav"."""
    return wav.with_suffix(f".{speaker}.wav")


def sound_writer(make: Callable[[], Sequence[Waveform]], sound_format: str) -> FileWriter:
    """A writer of one sound file, whose channels are made when it is written and then let go."""
    return lambda path: write_sound(path, make(), sound_format)


def _wav_writer(waveform: Waveform) -> FileWriter:
    return lambda path: write_wav(path, waveform)


def caption_text(name: str, captions: Sequence[Caption], names: Names) -> str:
    """Captions in one of `CAPTION_FORMATS`."""
    if name == "srt":
        return captions_to_srt(captions, names)
    if name == "vtt":
        return captions_to_vtt(captions, names)
    return captions_to_json(captions)
