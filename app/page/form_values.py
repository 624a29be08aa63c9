"""What the page's form means: form values → what the pipeline is asked for; no gradio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.backend.checks import check_retakes, check_seed
from app.backend.cost import expectation_of
from app.backend.pipeline_pool import PipelinePool
from app.backend.progress import format_seconds
from app.projects.edits import SpeakRequest
from app.projects.project import Project
from app.projects.voice_choices import CLONED, MADE_UP, OWN_RECORDING, VOICE_FILE
from pipeline.datatypes.script import Script
from pipeline.errors import DialogueError, VoiceError
from pipeline.synthesis.cost import TimeLeft
from pipeline.voices.casting import WantedVoice


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptFeedback:
    """What a script looks like so far.

    Attributes:
        message: one sentence for the person who types.
        speakers: canonical name to the name in the script, in order; empty on an error.
        turns: one short label for each turn.
        problem: whether `message` says why the script cannot be spoken.
    """

    message: str
    speakers: Mapping[str, str]
    turns: tuple[str, ...] = ()
    problem: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceRow:
    """One speaker's row of the form.

    Attributes:
        choice: a voice's name, `MADE_UP`, `OWN_RECORDING` or `VOICE_FILE`.
        recording: sound file, if one was given.
        voice_file: voice file, if one was given.
        consent: whether the box was ticked that says the person agreed.
    """

    choice: str | None
    recording: str | None = None
    voice_file: str | None = None
    consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakForm:
    """What the form says.

    Attributes:
        text: the script.
        seed: a whole number from 0 to `MAX_SEED`.
        rows: as filled in.
        retakes: a whole number from 0 to `MAX_RETAKES`.
        cast: the name of the speaker whose voice each row is; speakers that no row names get
            theirs from the rows left, in order of appearance.
    """

    text: str
    seed: float | None
    rows: Sequence[VoiceRow]
    retakes: float | None = 0
    cast: Sequence[str] = ()


def read_script(pool: PipelinePool, text: str, slowness: float = 1.0) -> ScriptFeedback:
    """Say what is in a script, or what is wrong with it.

    Args:
        pool: reads it.
        text: as typed.
        slowness: how many times longer than expected runs take now.
    """
    try:
        script = pool.shared.parse(text)
    except DialogueError as error:
        return ScriptFeedback(message=str(error), speakers={}, problem=True)
    speakers = speaker_names(script)
    named = ", ".join(
        name if name == speaker else f"{name} ({speaker})" for speaker, name in speakers.items()
    )
    expectation = expectation_of(pool)
    size = expectation.size(script)
    computing_s = slowness * expectation.cost().seconds(size)
    message = (
        f"{_count(size.n_turns, 'turn')}, {_count(len(speakers), 'speaker')}: {named}; "
        f"{size.n_characters:,} characters, about {format_seconds(size.speech_s)} of sound, "
        f"made in about {format_seconds(max(1, computing_s))}"
    )
    labels = tuple(
        f"{number} · {speakers[turn.speaker]}: {_shortened(turn.text)}"
        for number, turn in enumerate(script.turns, start=1)
    )
    message = ". ".join((message, *map(str, script.notes)))
    return ScriptFeedback(message=message, speakers=speakers, turns=labels)


def read_form(pool: PipelinePool, form: SpeakForm, project: Project | None = None) -> SpeakRequest:
    """What the form asks for.

    Args:
        pool: knows the voices.
        form: script, seed, retakes and voices.
        project: made before; its cloned voices serve where no other recording is given.

    Raises:
        DialogueError: whatever is wrong, in words fit to show.
    """
    seed, retakes = check_seed(form.seed), check_retakes(form.retakes)
    names = speaker_names(pool.shared.parse(form.text))
    cast = keep_cast(form.cast, list(names.values()), len(form.rows))
    rows = dict(zip(cast, form.rows, strict=True))
    voices = {
        speaker: wanted_voice(pool, rows[name], name, project) for speaker, name in names.items()
    }
    kept = {name: rows[name].choice for name in names.values()}
    return SpeakRequest(
        text=form.text,
        voices=voices,
        seed=seed,
        retakes=retakes,
        form={"seed": seed, "retakes": retakes, "voices": kept},
    )


def read_kept_form(form: Mapping[str, Any]) -> dict[str, Any]:
    """What a project's file says of the form, as far as it is of the kinds `read_form` keeps.

    Args:
        form: JSON values, perhaps a stranger's.
    """
    kept: dict[str, Any] = {
        name: form[name] for name in ("seed", "retakes") if type(form.get(name)) is int
    }
    voices = form.get("voices")
    chosen = voices.items() if isinstance(voices, Mapping) else ()
    kept["voices"] = {str(name): choice for name, choice in chosen if isinstance(choice, str)}
    return kept


def wanted_voice(
    pool: PipelinePool, row: VoiceRow, name: str, project: Project | None = None
) -> WantedVoice:
    """The voice of one row.

    Args:
        pool: knows the voices.
        row: as filled in.
        name: the speaker's in the script.
        project: made before, for its cloned voices.

    Raises:
        VoiceError: if there is no such voice, no recording yet, or no consent.
    """
    if row.choice == MADE_UP:
        return None
    if row.choice in CLONED:
        if not row.consent:
            raise VoiceError(ask_for_consent(name))
        return _cloned_voice(row, name, project)
    if row.choice not in pool.voice_names():
        raise VoiceError(
            f"there is no voice {row.choice!r} for {name}; choose one of "
            f"{', '.join(pool.voice_names()) or 'none'}, {MADE_UP}, {OWN_RECORDING} or "
            f"{VOICE_FILE}"
        )
    return pool.find_voice(row.choice)


def ask_for_consent(name: str) -> str:
    """What to tell who gave a speaker a recorded voice, and did not say that its owner agreed."""
    return (
        f"{name} speaks with a recorded voice; tick the box that says the person agreed, or "
        "choose another voice"
    )


def missing_consents(pool: PipelinePool, form: SpeakForm) -> list[tuple[int, str]]:
    """Rows, from 0, with a speaker of the script whose voice needs a consent that is not given."""
    try:
        names = list(speaker_names(pool.shared.parse(form.text)).values())
    except DialogueError:
        return []
    cast = keep_cast(form.cast, names, len(form.rows))
    return [
        (number, name)
        for number, (name, row) in enumerate(zip(cast, form.rows, strict=True))
        if name and row.choice in CLONED and not row.consent
    ]


def first_choices(pool: PipelinePool, n_rows: int) -> list[str]:
    """The voices that the rows of the form begin with."""
    names = pool.voice_names() or [MADE_UP]
    return [names[row % len(names)] for row in range(n_rows)]


def keep_cast(cast: Sequence[str], names: Sequence[str], n_rows: int) -> list[str]:
    """Which speaker each row of voices belongs to, when the script has changed.

    Whoever had a row keeps it, so that no voice goes to another speaker because somebody else now
    speaks first; new speakers get the rows that are free, in order.

    Args:
        cast: of each row, the speaker's name before; it may be shorter.
        names: speakers of the script, at most `n_rows`.
        n_rows: how many there are.

    Returns:
        A name for each row; empty for those that nobody needs.
    """
    had = [*cast, *[""] * n_rows][:n_rows]
    rows = [name if name in names and name not in had[:row] else "" for row, name in enumerate(had)]
    for name in names:
        if name not in rows:
            rows[rows.index("")] = name
    return rows


def _cloned_voice(row: VoiceRow, name: str, project: Project | None) -> WantedVoice:
    given = row.recording if row.choice == OWN_RECORDING else row.voice_file
    if given:
        return Path(given)
    if project is not None and project.form.get("voices", {}).get(name) == row.choice:
        for speaker, voice in project.dialogue.voices.items():
            if project.dialogue.speaker_names.get(speaker, speaker) == name:
                return voice
    if row.choice == OWN_RECORDING:
        raise VoiceError(
            f"{name} has no recording yet; upload or record 1 to 60 s of one person, "
            "or choose another voice"
        )
    raise VoiceError(f"{name} has no voice file yet; open one, or choose another voice")


def time_left_of(pool: PipelinePool, script: Script, slowness: float = 1.0) -> TimeLeft:
    """What tells the time left for a script: from what was measured here, or what is usual."""
    expected = expectation_of(pool).stage_seconds(script)
    return TimeLeft({stage: slowness * seconds for stage, seconds in expected.items()})


def speaker_names(script: Script) -> dict[str, str]:
    """Speakers in order of appearance, to their names in the script."""
    speakers = dict.fromkeys(turn.speaker for turn in script.turns)
    return {speaker: script.speaker_names.get(speaker, speaker) for speaker in speakers}


def _shortened(text: str, most: int = 50) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
