"""Edits of a script, a turn at a time: `Script` in, `Script` out.

Each changes the turns it names. Every other turn stays what it was: its words, options and marks,
and the name of its speaker. Speakers with names are numbered by who speaks first, so an edit that
changes who does changes the numbers behind the names; names that cannot be written before a colon
become numbers. The lines of the turns become those of the script as `write.py` writes it, and its
notes go. Turns are numbered from 0. Edits of the words inside one turn are in `edit_words.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script, Turn
from pipeline.errors import ScriptError
from pipeline.script_editing.write import can_be_written, has_names
from pipeline.script_to_turns.build_turn import check_turn
from pipeline.script_to_turns.parse import check_speaker, reword_turn

NEW_WORDS = "And then?"
"""What a new turn says unless told otherwise: a turn must have something to say."""


def find_turn(script: Script, index: int) -> Turn:
    """The turn of this number.

    Raises:
        ScriptError: if there is none.
    """
    if not 0 <= index < len(script.turns):
        raise ScriptError(
            f"there is no turn {index}; turns are numbered from 0 to {len(script.turns) - 1}",
            turn=index,
        )
    return script.turns[index]


def replace_turns(
    script: Script,
    start: int,
    stop: int,
    turns: Sequence[Turn],
    limits: LimitsConfig | None = None,
) -> Script:
    """Put other turns in place of those from `start` to before `stop`.

    Args:
        script: to be edited.
        start: the first turn that goes.
        stop: the first one after it that stays.
        turns: what comes in their place.
        limits: what is accepted of these turns; `None`: the usual.

    Returns:
        The edited script.

    Raises:
        ScriptError: if a turn passes a limit, or cannot be spoken.
    """
    limits = limits or LimitsConfig()
    changed = [*script.turns[:start], *turns, *script.turns[stop:]]
    heard = list(dict.fromkeys(turn.speaker for turn in changed))
    names = written_names(script)
    if any(names.get(speaker, speaker) != speaker for speaker in heard):
        numbers = {speaker: f"S{place}" for place, speaker in enumerate(heard, start=1)}
    else:
        numbers = {speaker: speaker for speaker in sorted(heard)}
    edited = [
        replace(turn, speaker=numbers[turn.speaker], line=line)
        for line, turn in enumerate(changed, start=1)
    ]
    named = {number: names.get(speaker, speaker) for speaker, number in numbers.items()}
    for turn in edited:
        check_speaker(int(turn.speaker[1:]), named[turn.speaker], turn.line, limits)
    for turn in edited[start : start + len(turns)]:
        check_turn(turn, limits)
    return Script(turns=tuple(edited), speaker_names=named)


def written_names(script: Script) -> Mapping[str, str]:
    """Speaker to name; to itself in a script whose names cannot be written before a colon."""
    names = script.speaker_names
    if has_names(script) and not can_be_written(names.values()):
        return {speaker: speaker for speaker in names}
    return names


def add_turn(
    script: Script,
    after: int,
    speaker: str | None = None,
    words: str = NEW_WORDS,
    limits: LimitsConfig | None = None,
) -> Script:
    """Add a turn.

    Args:
        script: to be edited.
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
    above = find_turn(script, max(after, 0) if after == -1 else after)
    limits, names = limits or LimitsConfig(), written_names(script)
    if speaker is None:
        number = _next_speaker(names, above.speaker)
    else:
        number, names = _find_speaker(names, speaker, limits)
    empty = Turn(speaker=number, text="", spoken_text="", line=above.line)
    turn = reword_turn(empty, words, limits)
    named = replace(script, speaker_names=names)
    return replace_turns(named, after + 1, after + 1, [turn], limits)


def remove_turn(script: Script, turn: int, limits: LimitsConfig | None = None) -> Script:
    """Take a turn out.

    Args:
        script: to be edited.
        turn: which one.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script without the turn.

    Raises:
        ScriptError: if there is no such turn, or no other.
    """
    find_turn(script, turn)
    if len(script.turns) == 1:
        raise ScriptError(
            "this is the only turn, and a script needs one; change its words instead", turn=turn
        )
    return replace_turns(script, turn, turn + 1, [], limits)


def move_turn(script: Script, turn: int, by: int, limits: LimitsConfig | None = None) -> Script:
    """Let a turn change places with the one above or below it.

    Args:
        script: to be edited.
        turn: which one.
        by: -1 moves it up, 1 moves it down.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the two turns in the other order.

    Raises:
        ScriptError: if there is no such turn, none to change places with, or `by` is neither.
    """
    find_turn(script, turn)
    if by not in (-1, 1):
        raise ScriptError(f"a turn moves by -1 or by 1, not by {by}", turn=turn)
    if not 0 <= turn + by < len(script.turns):
        edge, way = ("first", "down") if by < 0 else ("last", "up")
        raise ScriptError(
            f"turn {turn} is the {edge} one; it can only move {way}, if there are others", turn=turn
        )
    first = min(turn, turn + by)
    return replace_turns(
        script, first, first + 2, [script.turns[first + 1], script.turns[first]], limits
    )


def set_speaker(
    script: Script, turn: int, speaker: str, limits: LimitsConfig | None = None
) -> Script:
    """Let another speaker say a turn.

    Args:
        script: to be edited.
        turn: which one.
        speaker: a name of the script, a new name, or "S2" and so on.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the turn said by the other.

    Raises:
        ScriptError: if there is no such turn, or the script cannot have such a speaker.
    """
    before = find_turn(script, turn)
    limits = limits or LimitsConfig()
    number, names = _find_speaker(written_names(script), speaker, limits)
    changed, named = replace(before, speaker=number), replace(script, speaker_names=names)
    return replace_turns(named, turn, turn + 1, [changed], limits)


def set_pace(script: Script, turn: int, pace: float, limits: LimitsConfig | None = None) -> Script:
    """Let a turn be said faster or slower.

    Args:
        script: to be edited.
        turn: which one.
        pace: 1.0 is the voice's own; 2.0 is twice as fast.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the turn's pace.

    Raises:
        ScriptError: if there is no such turn, or the pace lies outside the limits.
    """
    changed = replace(find_turn(script, turn), pace=float(pace))
    return replace_turns(script, turn, turn + 1, [changed], limits)


def set_gap(
    script: Script, turn: int, gap_s: float | None, limits: LimitsConfig | None = None
) -> Script:
    """Set the silence before a turn.

    Args:
        script: to be edited.
        turn: which one.
        gap_s: seconds; negative overlaps the turn above; `None`: the default.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the turn's gap.

    Raises:
        ScriptError: if there is no such turn, or the gap lies outside the limits.
    """
    changed = replace(find_turn(script, turn), gap_s=None if gap_s is None else float(gap_s))
    return replace_turns(script, turn, turn + 1, [changed], limits)


def _next_speaker(names: Mapping[str, str], above: str) -> str:
    speakers = list(names)
    if len(speakers) > 1:
        return speakers[(speakers.index(above) + 1) % len(speakers)]
    if names[above] != above:
        raise ScriptError(f"{names[above]} is the only speaker; say who else speaks, as in 'Ben'")
    return "S2" if above == "S1" else "S1"


def _find_speaker(
    names: Mapping[str, str], speaker: str, limits: LimitsConfig
) -> tuple[str, Mapping[str, str]]:
    """The number of a speaker, and all names with theirs."""
    wanted = " ".join(speaker.split())
    for number, name in names.items():
        if wanted.casefold() in (name.casefold(), number.casefold()):
            return number, names
    numbers = [f"S{number}" for number in range(1, limits.max_speakers + 1)]
    if all(number == name for number, name in names.items()):
        if wanted.upper() not in numbers:
            raise ScriptError(
                f"{wanted!r} cannot speak here, where speakers have numbers; there are "
                f"{numbers[0]} to {numbers[-1]}"
            )
        return wanted.upper(), {**names, wanted.upper(): wanted.upper()}
    known = ", ".join(names.values())
    if not can_be_written([wanted]):
        raise ScriptError(
            f"{wanted!r} cannot be a name here; there are {known}, or a new name of letters such "
            "as 'Ben' or 'Dr. Green'"
        )
    free = [number for number in numbers if number not in names]
    number = free[0] if free else f"S{limits.max_speakers + 1}"
    return number, {**names, number: wanted}
