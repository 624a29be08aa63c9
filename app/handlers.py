"""What stands behind the page's buttons: form values → pipeline → values to show; no gradio."""

import math
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.cost_file import CostFile, user_cost_file
from app.environment import thread_count
from app.expectation import Expectation
from app.output_files import publish
from app.result_files import CAPTION_FORMATS, result_writers
from app.studio import Studio
from pipeline.casting import WantedVoice
from pipeline.datatypes import Dialogue, ProgressCallback, Script
from pipeline.errors import CancelledError, DialogueError, VoiceError
from pipeline.estimate import TimeLeft

MADE_UP = "(surprise me)"
"""Choice of voice: the model makes one up. Brackets cannot be in a voice's name."""

OWN_RECORDING = "(my recording)"
"""Choice of voice: what the visitor uploads or records."""

MAX_SEED = 2**31 - 1

MAX_RETAKES = 8
"""Most retakes the page offers; each is about as much work as a short script of its own."""

STAGE_TITLES = {
    "read": "Reading the script",
    "semantic": "Choosing how it is said",
    "acoustic": "Giving it voices",
    "waveform": "Making sound",
    "check": "Checking the voices",
    "mix": "Mixing",
}
_STAGE_SHARES = {
    "read": 0.05,
    "semantic": 0.45,
    "acoustic": 0.3,
    "waveform": 0.1,
    "check": 0.05,
    "mix": 0.05,
}


@dataclass(frozen=True, slots=True)
class ScriptFeedback:
    """What a script looks like so far.

    Attributes:
        message: one sentence for the person who types.
        speakers: canonical name to the name in the script, in order; empty on an error.
        problem: whether `message` says why the script cannot be spoken.
    """

    message: str
    speakers: Mapping[str, str]
    problem: bool = False


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """One speaker's row of the form.

    Attributes:
        choice: a voice's name, `MADE_UP` or `OWN_RECORDING`.
        recording: sound file, if one was given.
    """

    choice: str | None
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class SpeakForm:
    """What the form says.

    Attributes:
        text: the script.
        seed: a whole number from 0 to `MAX_SEED`.
        retakes: a whole number from 0 to `MAX_RETAKES`.
        rows: the choice for each speaker, in order of appearance; rows beyond are ignored.
    """

    text: str
    seed: float | None
    rows: Sequence[VoiceRow]
    retakes: float | None = 0


@dataclass(frozen=True, slots=True)
class SpokenResult:
    """A finished dialogue, ready to show.

    Attributes:
        sound: the wav.
        downloads: the wav and its captions.
        subtitles: text and [start, end] seconds of each turn.
        table: number, speaker, start, end and text of each turn.
        status: one sentence.
        notes: what was guessed or is worth knowing.
    """

    sound: Path
    downloads: list[Path]
    subtitles: list[dict[str, object]]
    table: list[list[str]]
    status: str
    notes: tuple[str, ...]


def read_script(studio: Studio, text: str) -> ScriptFeedback:
    """Say what is in a script, or what is wrong with it."""
    try:
        script = studio.pipeline.parse(text)
    except DialogueError as error:
        return ScriptFeedback(str(error), {}, problem=True)
    speakers = _speakers(script)
    named = ", ".join(
        name if name == speaker else f"{name} ({speaker})" for speaker, name in speakers.items()
    )
    seconds = max(1, round(studio.pipeline.estimate_seconds(script)))
    message = (
        f"{_count(len(script.turns), 'turn')}, {_count(len(speakers), 'speaker')}: {named}; "
        f"about {_clock(seconds)} of sound"
    )
    return ScriptFeedback(". ".join((message, *script.notes)), speakers)


def speak_form(
    studio: Studio,
    form: SpeakForm,
    folder: Path,
    on_progress: ProgressCallback | None = None,
) -> SpokenResult:
    """Speak what the form says.

    Args:
        studio: speaks.
        form: script, seed, retakes and voices.
        folder: for the files; made when there are some.
        on_progress: told of stages; may raise `CancelledError`.

    Raises:
        DialogueError: whatever is wrong, in words fit to show.
    """
    seed, retakes = check_seed(form.seed), check_retakes(form.retakes)
    script = studio.pipeline.parse(form.text)
    names = _speakers(script)
    voices = {
        speaker: _wanted_voice(studio, row, names[speaker])
        for speaker, row in zip(names, form.rows, strict=False)
    }
    dialogue = studio.speak(form.text, voices, seed, on_progress, retakes)
    wav = folder / "dialogue.wav"
    writers = result_writers(dialogue, wav, CAPTION_FORMATS, names)
    folder.mkdir(parents=True, exist_ok=True)
    publish(writers)
    return SpokenResult(
        sound=wav,
        downloads=list(writers),
        subtitles=_subtitles(dialogue, names),
        table=_table(dialogue, names),
        status=_status(dialogue),
        notes=dialogue.notes,
    )


def stop_when_set(
    stop: threading.Event, on_progress: ProgressCallback | None = None
) -> ProgressCallback:
    """A progress listener that ends the work once `stop` is set."""

    def listen(stage: str, done: int, total: int) -> None:
        if stop.is_set():
            raise CancelledError("cancelled; nothing was kept")
        if on_progress is not None:
            on_progress(stage, done, total)

    return listen


class ProgressMeter:
    """How much of the whole work is done, judged by how long stages usually take.

    Stages take turns, on one part of a long script after another.
    """

    def __init__(self) -> None:
        self._done: dict[str, float] = {}

    def share(self, stage: str, done: int, total: int) -> float:
        """Take note of a stage's progress and give that of everything, in [0, 1]."""
        self._done[stage] = done / max(total, 1)
        shares = (_STAGE_SHARES[name] * share for name, share in self._done.items())
        return min(1.0, sum(shares))


def time_left_of(studio: Studio, text: str) -> TimeLeft:
    """What tells the time left for a script: from what was measured here, or what is usual."""
    try:
        script = studio.pipeline.parse(text)
    except DialogueError:  # told where the script is spoken
        return TimeLeft({})
    costs = CostFile(user_cost_file())
    return TimeLeft(Expectation(studio, costs, thread_count()).stage_seconds(script))


def roll_seed() -> int:
    """A fresh seed in [0, `MAX_SEED`]."""
    return secrets.randbelow(MAX_SEED + 1)


def check_seed(seed: float | None) -> int:
    """The seed of a form.

    Raises:
        DialogueError: if it is no whole number from 0 to `MAX_SEED`.
    """
    return _whole_number("the seed", seed, MAX_SEED)


def check_retakes(retakes: float | None) -> int:
    """The retakes of a form.

    Raises:
        DialogueError: if it is no whole number from 0 to `MAX_RETAKES`.
    """
    return _whole_number("the number of retakes", retakes, MAX_RETAKES)


def _whole_number(what: str, value: float | None, most: int) -> int:
    if value is None or not math.isfinite(value) or value != int(value) or not 0 <= value <= most:
        raise DialogueError(f"{what} must be a whole number from 0 to {most}, read {value}")
    return int(value)


def _speakers(script: Script) -> dict[str, str]:
    speakers = dict.fromkeys(turn.speaker for turn in script.turns)
    return {speaker: script.speaker_names.get(speaker, speaker) for speaker in speakers}


def _wanted_voice(studio: Studio, row: VoiceRow, speaker: str) -> WantedVoice:
    if row.choice == MADE_UP:
        return None
    if row.choice == OWN_RECORDING:
        if not row.recording:
            raise VoiceError(
                f"{speaker} has no recording yet; upload or record 1 to 60 s of one person, "
                "or choose another voice"
            )
        return Path(row.recording)
    if row.choice not in studio.voice_names():
        raise VoiceError(
            f"there is no voice {row.choice!r} for {speaker}; choose one of "
            f"{', '.join(studio.voice_names()) or 'none'}, {MADE_UP} or {OWN_RECORDING}"
        )
    return studio.find_voice(row.choice)


def _subtitles(dialogue: Dialogue, names: Mapping[str, str]) -> list[dict[str, object]]:
    return [
        {
            "text": f"{names[caption.speaker]}: {caption.text}",
            "timestamp": [caption.start_s, caption.end_s],
        }
        for caption in dialogue.captions
    ]


def _table(dialogue: Dialogue, names: Mapping[str, str]) -> list[list[str]]:
    return [
        [
            str(number),
            names[caption.speaker],
            f"{caption.start_s:.2f}",
            f"{caption.end_s:.2f}",
            caption.text,
        ]
        for number, caption in enumerate(dialogue.captions, start=1)
    ]


def _status(dialogue: Dialogue) -> str:
    seconds = sum(dialogue.stage_seconds.values())
    return (
        f"Done: {dialogue.mix.duration_s:.1f} s of dialogue made in {seconds:.1f} s "
        f"with seed {dialogue.seed}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _clock(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60} s"
