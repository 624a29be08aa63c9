"""What is to be said: turns, and the script they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.datatypes.note import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One speaker's uninterrupted line.

    Attributes:
        speaker: canonical speaker name, "S1".."S4".
        text: what is shown in captions, as typed.
        spoken_text: what is said: `text` with respellings applied; equal to `text` without any.
        pace: 1.0 is the voice's own; 2.0 is twice as fast. In [0.5, 2.0].
        gap_s: seconds of silence before this turn; negative overlaps; `None`: the default.
        pauses: (character position in `spoken_text`, seconds) of each inline `{pause}`.
        respellings: (start, end, said) of each inline `{shown|said}`: `text[start:end]` is said so.
        line: 1-based line of the script where the turn starts.
    """

    speaker: str
    text: str
    spoken_text: str
    pace: float = 1.0
    gap_s: float | None = None
    pauses: tuple[tuple[int, float], ...] = ()
    respellings: tuple[tuple[int, int, str], ...] = ()
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A parsed script: its turns, the names the speakers were given, notes on what was guessed."""

    turns: tuple[Turn, ...]
    speaker_names: Mapping[str, str]
    notes: tuple[Note, ...] = ()

    @property
    def speakers(self) -> dict[str, str]:
        """Who speaks, in order of appearance: "S1" to the name in the script, or to itself."""
        speakers = dict.fromkeys(turn.speaker for turn in self.turns)
        return {speaker: self.speaker_names.get(speaker, speaker) for speaker in speakers}


ScriptSource = str | Sequence[Mapping[str, str]] | Script
"""What a script may be given as: text, records of speaker and text, or what was read of either."""
