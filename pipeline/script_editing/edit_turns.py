"""Edits of a script's text, a turn at a time: script text in, script text out.

Each takes a script that can be read, changes the turns it names and writes the whole anew
(`write.py`). Every other turn stays what it was: its words, options and marks, and the
name of its speaker. Speakers with names are numbered by who speaks first, so an edit that changes
who does changes the numbers behind the names. Turns are numbered from 0. Edits of the words inside
one turn are in `edit_words.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script, Turn
from pipeline.errors import ScriptError
from pipeline.script_editing.write import can_be_written, has_names, reads_as, script_to_text
from pipeline.script_to_turns.parse import reword_turn, script_to_turns

NEW_WORDS = "And then?"
"""What a new turn says unless told otherwise: a turn must have something to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedScript:
    """A script while it is edited.

    Attributes:
        turns: in order.
        names: speaker ("S1"..) to name; to itself in a script without names, or with names that
            cannot be written before a colon.
        limits: what is accepted.
    """

    turns: tuple[Turn, ...]
    names: Mapping[str, str]
    limits: LimitsConfig

    @property
    def has_names(self) -> bool:
        """Whether speakers have names besides "S1" and so on."""
        return any(name != speaker for speaker, name in self.names.items())

    def turn(self, index: int) -> Turn:
        """The turn of this number.

        Raises:
            ScriptError: if there is none.
        """
        if not 0 <= index < len(self.turns):
            raise ScriptError(
                f"there is no turn {index}; turns are numbered from 0 to {len(self.turns) - 1}",
                turn=index,
            )
        return self.turns[index]

    def with_turns(self, start: int, stop: int, turns: Sequence[Turn]) -> str:
        """The text with other turns in place of those from `start` to before `stop`.

        Raises:
            ScriptError: if the result cannot be read or passes a limit.
        """
        changed = (*self.turns[:start], *turns, *self.turns[stop:])
        text = _write(changed, self.names)
        script_to_turns(text, self.limits)
        return text


def open_script(text: str, limits: LimitsConfig | None = None) -> EditedScript:
    """Read a script to edit it.

    Args:
        text: the script.
        limits: what is accepted; `None`: the usual.

    Raises:
        ScriptError: if it cannot be read.
    """
    limits = limits or LimitsConfig()
    script = script_to_turns(text, limits)
    names = script.speaker_names
    if has_names(script) and not can_be_written(names.values()):
        names = {speaker: speaker for speaker in names}
    return EditedScript(turns=script.turns, names=names, limits=limits)


def add_turn(
    text: str,
    after: int,
    speaker: str | None = None,
    words: str = NEW_WORDS,
    limits: LimitsConfig | None = None,
) -> str:
    """Add a turn.

    Args:
        text: the script.
        after: the turn it follows; -1 puts it before all others.
        speaker: a name or "S2"; `None`: the next of the script's speakers after the one of the
            turn above, which is the other one of two.
        words: as typed after a marker, marks included.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the turn.

    Raises:
        ScriptError: if there is no such turn, no speaker to take, or the words cannot be spoken.
    """
    script = open_script(text, limits)
    above = script.turn(max(after, 0) if after == -1 else after)
    if speaker is None:
        number, names = _next_speaker(script, above.speaker), script.names
    else:
        number, names = _find_speaker(script, speaker)
    empty = Turn(speaker=number, text="", spoken_text="", line=above.line)
    turn = reword_turn(empty, words, script.limits)
    return replace(script, names=names).with_turns(after + 1, after + 1, [turn])


def remove_turn(text: str, turn: int, limits: LimitsConfig | None = None) -> str:
    """Take a turn out.

    Args:
        text: the script.
        turn: which one.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script without the turn.

    Raises:
        ScriptError: if there is no such turn, or no other.
    """
    script = open_script(text, limits)
    script.turn(turn)
    if len(script.turns) == 1:
        raise ScriptError(
            "this is the only turn, and a script needs one; change its words instead", turn=turn
        )
    return script.with_turns(turn, turn + 1, [])


def move_turn(text: str, turn: int, by: int, limits: LimitsConfig | None = None) -> str:
    """Let a turn change places with the one above or below it.

    Args:
        text: the script.
        turn: which one.
        by: -1 moves it up, 1 moves it down.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the two turns in the other order.

    Raises:
        ScriptError: if there is no such turn, none to change places with, or `by` is neither.
    """
    script = open_script(text, limits)
    script.turn(turn)
    if by not in (-1, 1):
        raise ScriptError(f"a turn moves by -1 or by 1, not by {by}", turn=turn)
    if not 0 <= turn + by < len(script.turns):
        edge, way = ("first", "down") if by < 0 else ("last", "up")
        raise ScriptError(
            f"turn {turn} is the {edge} one; it can only move {way}, if there are others", turn=turn
        )
    first = min(turn, turn + by)
    return script.with_turns(first, first + 2, [script.turns[first + 1], script.turns[first]])


def set_speaker(text: str, turn: int, speaker: str, limits: LimitsConfig | None = None) -> str:
    """Let another speaker say a turn.

    Args:
        text: the script.
        turn: which one.
        speaker: a name of the script, a new name, or "S2" and so on.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the turn said by the other.

    Raises:
        ScriptError: if there is no such turn, or the script cannot have such a speaker.
    """
    script = open_script(text, limits)
    before = script.turn(turn)
    number, names = _find_speaker(script, speaker)
    changed = replace(before, speaker=number)
    return replace(script, names=names).with_turns(turn, turn + 1, [changed])


def set_pace(text: str, turn: int, pace: float, limits: LimitsConfig | None = None) -> str:
    """Let a turn be said faster or slower.

    Args:
        text: the script.
        turn: which one.
        pace: 1.0 is the voice's own; 2.0 is twice as fast.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the turn's pace.

    Raises:
        ScriptError: if there is no such turn, or the pace lies outside the limits.
    """
    script = open_script(text, limits)
    changed = replace(script.turn(turn), pace=float(pace))
    return script.with_turns(turn, turn + 1, [changed])


def set_gap(text: str, turn: int, gap_s: float | None, limits: LimitsConfig | None = None) -> str:
    """Set the silence before a turn.

    Args:
        text: the script.
        turn: which one.
        gap_s: seconds; negative overlaps the turn above; `None`: the default.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the turn's gap.

    Raises:
        ScriptError: if there is no such turn, or the gap lies outside the limits.
    """
    script = open_script(text, limits)
    changed = replace(script.turn(turn), gap_s=None if gap_s is None else float(gap_s))
    return script.with_turns(turn, turn + 1, [changed])


def _write(turns: Sequence[Turn], names: Mapping[str, str]) -> str:
    """With names if they can be written, else with the speakers' numbers."""
    used = list(dict.fromkeys(turn.speaker for turn in turns))
    numbers = {speaker: f"S{place}" for place, speaker in enumerate(used, start=1)}
    by_appearance = Script(
        turns=tuple(replace(turn, speaker=numbers[turn.speaker]) for turn in turns),
        speaker_names={numbers[speaker]: names.get(speaker, speaker) for speaker in used},
    )
    if has_names(by_appearance) and reads_as(text := script_to_text(by_appearance), by_appearance):
        return text
    kept = {speaker: names.get(speaker, speaker) for speaker in sorted(used)}
    return script_to_text(Script(turns=tuple(turns), speaker_names=kept))


def _next_speaker(script: EditedScript, above: str) -> str:
    speakers = list(script.names)
    if len(speakers) > 1:
        return speakers[(speakers.index(above) + 1) % len(speakers)]
    if script.has_names:
        raise ScriptError(
            f"{script.names[above]} is the only speaker; say who else speaks, as in 'Ben'"
        )
    return "S2" if above == "S1" else "S1"


def _find_speaker(script: EditedScript, speaker: str) -> tuple[str, Mapping[str, str]]:
    """The number of a speaker, and all names with theirs."""
    wanted = " ".join(speaker.split())
    for number, name in script.names.items():
        if wanted.casefold() in (name.casefold(), number.casefold()):
            return number, script.names
    numbers = [f"S{number}" for number in range(1, script.limits.max_speakers + 1)]
    if not script.has_names:
        if wanted.upper() not in numbers:
            raise ScriptError(
                f"{wanted!r} cannot speak here, where speakers have numbers; there are "
                f"{numbers[0]} to {numbers[-1]}"
            )
        return wanted.upper(), {**script.names, wanted.upper(): wanted.upper()}
    known = ", ".join(script.names.values())
    if not can_be_written([wanted]):
        raise ScriptError(
            f"{wanted!r} cannot be a name here; there are {known}, or a new name of letters such "
            "as 'Ben' or 'Dr. Green'"
        )
    free = [number for number in numbers if number not in script.names]
    number = free[0] if free else f"S{script.limits.max_speakers + 1}"
    return number, {**script.names, number: wanted}
