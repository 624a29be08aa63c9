"""A finished dialogue as files: sound, stems and captions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from app.output_files import FileWriter, text_writer
from pipeline.audio.write import write_sound, write_wav
from pipeline.datatypes.dialogue import Caption, Dialogue
from pipeline.datatypes.sound import Waveform
from pipeline.waveform_to_dialogue.captions import (
    captions_to_json,
    captions_to_srt,
    captions_to_vtt,
)

CAPTION_FORMATS = ("srt", "vtt", "json")

Names = Mapping[str, str]


def companion_paths(wav: Path, formats: Sequence[str], speakers: Sequence[str]) -> list[Path]:
    """The files that appear beside a wav: "talk.srt" for captions, "talk.S1.wav" for stems."""
    captions = [wav.with_suffix(f".{name}") for name in dict.fromkeys(formats)]
    return captions + [stem_path(wav, speaker) for speaker in speakers]


def result_writers(
    dialogue: Dialogue, wav: Path, formats: Sequence[str], names: Names, stems: bool = False
) -> dict[Path, FileWriter]:
    """What to write where, for `output_files.publish`.

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
