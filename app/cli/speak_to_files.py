"""Speak a script of any length into files: every finished turn is on disk before the next one."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.backend.pipeline_pool import PipelinePool
from app.cli.work_folder import WorkFolder, fingerprint_voices, work_folder_path
from app.export.files import FileWriter, caption_text, publish, stem_path, text_writer
from pipeline.audio.write import write_wav_stretches
from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Caption, SpokenTurn
from pipeline.datatypes.note import Note
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.script import Script
from pipeline.synthesis.options import SynthesisOptions
from pipeline.synthesis.resume import mix_again
from pipeline.voices.casting import WantedVoice

STREAM_FORMAT = "1"
"""Part of the fingerprint: changes when the same request comes to sound differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOrder:
    """What is to be spoken, and into which files.

    Attributes:
        text: the script.
        script: the same, parsed.
        voices: speaker to what was asked for.
        seed: of the script.
        wav: the mix; other files are named after it.
        captions: formats.
        stems: whether each speaker gets a wav, too.
        resume: whether to go on with what an earlier run has finished.
    """

    text: str
    script: Script
    voices: Mapping[str, WantedVoice]
    seed: int
    wav: Path
    captions: Sequence[str] = ()
    stems: bool = False
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenFiles:
    """What was made.

    Attributes:
        sound_s: length of the mix.
        spent_s: seconds this run took for speaking and writing.
        n_turns: in all.
        n_resumed: of these, finished by an earlier run.
        notes: what was guessed or is worth knowing.
    """

    sound_s: float
    spent_s: float
    n_turns: int
    n_resumed: int
    notes: tuple[Note, ...]


def speak_to_files(
    pool: PipelinePool, order: SpeakOrder, on_progress: ProgressCallback | None = None
) -> SpokenFiles:
    """Speak turn by turn into the work folder, then make the files of it and remove it.

    Whatever stops the work, finished turns stay; the error then carries a note that says so.

    Raises:
        DialogueError: if the request cannot work, or the work folder is of another one.
    """
    begun = time.perf_counter()
    folder = WorkFolder(work_folder_path(order.wav))
    fingerprint, n_turns = request_fingerprint(pool, order), len(order.script.turns)
    n_resumed = 0
    if order.resume and folder.path.exists():
        n_resumed = folder.resume(fingerprint)
    else:
        folder.begin(fingerprint, n_turns)
    try:
        finished = folder.turns(n_resumed)
        with pool.borrow() as pipeline:
            options, asked = SynthesisOptions(), (order.text, order.voices, order.seed)
            for spoken in pipeline.stream(*asked, options, on_progress, finished, in_a_hurry=False):
                folder.keep(spoken)
        sound_s, notes = _publish(order, folder)
    except BaseException as error:
        if kept := folder.close():
            error.add_note(kept)
        raise
    folder.remove()
    return SpokenFiles(
        sound_s=sound_s,
        spent_s=time.perf_counter() - begun,
        n_turns=n_turns,
        n_resumed=n_resumed,
        notes=notes,
    )


def request_fingerprint(pool: PipelinePool, order: SpeakOrder) -> dict[str, str]:
    """What the sound of an order depends on, by the names a person knows it by."""
    return {
        "script": order.text,
        "voices": fingerprint_voices(order.voices, pool.shared.voices),
        "seed": str(order.seed),
        "options": f"{STREAM_FORMAT} {SynthesisOptions()!r}",
        **pool.shared.conditions(),
    }


def _publish(order: SpeakOrder, folder: WorkFolder) -> tuple[float, tuple[Note, ...]]:
    """Make all files of the finished turns, at once; seconds of sound, and notes."""
    turns = order.script.turns
    captions: list[Caption] = []
    notes: list[Note] = []
    seconds: list[float] = []

    def read() -> Iterator[SpokenTurn]:
        return folder.turns(len(turns))

    def write_mix(path: Path) -> None:
        seconds.append(write_wav_stretches(path, mix_again(read(), MixConfig())))

    def stem_writer(speaker: str) -> FileWriter:
        def write(path: Path) -> None:
            write_wav_stretches(path, mix_again(read(), MixConfig(), speaker))

        return write

    for spoken in read():
        captions.append(spoken.caption)
        notes += spoken.notes
    writers: dict[Path, FileWriter] = {order.wav: write_mix}
    for name in order.captions:
        text = caption_text(name, captions, order.script.speaker_names)
        writers[order.wav.with_suffix(f".{name}")] = text_writer(text)
    if order.stems:
        for speaker in dict.fromkeys(turn.speaker for turn in turns):
            writers[stem_path(order.wav, speaker)] = stem_writer(speaker)
    publish(writers)
    return seconds[0], tuple(notes)
