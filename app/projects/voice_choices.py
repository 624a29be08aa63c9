"""Whose voice each speaker gets: rows of choices → what the pipeline is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.backend.pipeline_pool import PipelinePool
from app.projects.project import Project
from pipeline.errors import VoiceError
from pipeline.voices.casting import WantedVoice

MADE_UP = "(surprise me)"
"""Choice of voice: the model makes one up. Brackets cannot be in a voice's name."""

OWN_RECORDING = "(my recording)"
"""Choice of voice: what the visitor uploads or records."""

VOICE_FILE = "(a voice file)"
"""Choice of voice: one that was saved from this page."""

CLONED = (OWN_RECORDING, VOICE_FILE)
"""Choices that speak as a real person might: they need that person's consent."""


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
