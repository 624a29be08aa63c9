"""Edits of the words of a script's turns: other words, a respelling, one turn as two, two as one.

As in `edit_turns.py`: `Script` in, `Script` out, turns numbered from 0, all others kept.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script, Turn
from pipeline.errors import ScriptError
from pipeline.normalisation.normalise import is_speakable
from pipeline.script_editing.edit_turns import find_turn, replace_turns, written_names
from pipeline.script_to_turns.cut_turn import cut_at_blank, find_blanks, shift, spans, spoken_at
from pipeline.script_to_turns.parse import reword_turn


def set_words(script: Script, turn: int, words: str, limits: LimitsConfig | None = None) -> Script:
    """Let a turn say something else.

    Args:
        script: to be edited.
        turn: which one.
        words: as typed after a marker, marks included; pace and gap stay where none are marked.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the turn's words.

    Raises:
        ScriptError: if there is no such turn, or the words cannot be read or spoken.
    """
    changed = reword_turn(find_turn(script, turn), words, limits or LimitsConfig())
    return replace_turns(script, turn, turn + 1, [changed], limits)


def split_turn(script: Script, turn: int, at: int, limits: LimitsConfig | None = None) -> Script:
    """Make two turns of one, both of its speaker and pace; the second has the default gap.

    Pauses and respellings stay with their words; a pause at the cut ends the first turn.

    Args:
        script: to be edited.
        turn: which one.
        at: position in the turn's shown text; the cut is made at the blank nearest to it, outside
            respellings.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the two turns.

    Raises:
        ScriptError: if there is no such turn, no such blank, or one side would have no words.
    """
    whole = find_turn(script, turn)
    blanks = find_blanks(whole, " ")
    if not 0 < at < len(whole.text) or not blanks:
        raise ScriptError(
            f"turn {turn} cannot be split at {at}: one side would have nothing to say; choose a "
            "place between two of its words",
            turn=turn,
        )
    first, second = cut_at_blank(whole, min(blanks, key=lambda blank: abs(blank - at)))
    for part in (first, second):
        if not is_speakable(part.spoken_text):
            raise ScriptError(
                f"turn {turn} cannot be split at {at}: {part.text!r} alone has nothing to say; "
                "choose a place with words on both sides",
                turn=turn,
            )
    return replace_turns(script, turn, turn + 1, [first, second], limits)


def merge_turn(script: Script, turn: int, limits: LimitsConfig | None = None) -> Script:
    """Make one turn of two: this one and the one below it, of the same speaker.

    Silence asked for before the second becomes a pause.

    Args:
        script: to be edited.
        turn: the first of the two.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the merged turn.

    Raises:
        ScriptError: if there is no such turn or none below it; if their speakers or paces differ;
            if the second overlaps the first.
    """
    first = find_turn(script, turn)
    if turn + 1 == len(script.turns):
        raise ScriptError(
            f"turn {turn} is the last one; merge the one above it with it instead", turn=turn
        )
    second = find_turn(script, turn + 1)
    _check_alike(script, turn, first, second)
    return replace_turns(script, turn, turn + 2, [_join(first, second)], limits)


def respell(
    script: Script, turn: int, shown: str, said: str, limits: LimitsConfig | None = None
) -> Script:
    """Let words of a turn be said in another way than they are shown.

    Args:
        script: to be edited.
        turn: which one.
        shown: whole words of it; the first place where they stand and are not respelled yet.
        said: how to say them; empty takes the first respelling of them off.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script with the respelling.

    Raises:
        ScriptError: if there is no such turn, the words are not in it, are respelled already or
            not at all, have a pause inside, or what is said cannot be spoken.
    """
    before = find_turn(script, turn)
    shown, said = " ".join(shown.split()), " ".join(said.split())
    if said:
        changed = _add_respelling(before, turn, shown, said)
    else:
        changed = _remove_respelling(before, turn, shown)
    return replace_turns(script, turn, turn + 1, [changed], limits)


def _join(first: Turn, second: Turn) -> Turn:
    """Pauses between the two stand after the blank between them, as people type them."""
    end = len(first.spoken_text)
    pauses = [(end + 1 if at == end else at, seconds) for at, seconds in first.pauses]
    if second.gap_s:
        pauses.append((end + 1, second.gap_s))
    pauses += [(at + end + 1, seconds) for at, seconds in second.pauses]
    return replace(
        first,
        text=f"{first.text} {second.text}",
        spoken_text=f"{first.spoken_text} {second.spoken_text}",
        pauses=tuple(pauses),
        respellings=spans(first) + shift(list(spans(second)), len(first.text) + 1),
    )


def _check_alike(script: Script, turn: int, first: Turn, second: Turn) -> None:
    if first.speaker != second.speaker:
        names = written_names(script)
        raise ScriptError(
            f"turn {turn} is {names[first.speaker]}'s and turn {turn + 1} "
            f"{names[second.speaker]}'s; only turns of one speaker can be merged: change "
            "the speaker of one first",
            turn=turn,
        )
    if first.pace != second.pace:
        raise ScriptError(
            f"turns {turn} and {turn + 1} have paces {first.pace:g} and {second.pace:g}, and one "
            "turn has one pace; give both the same first",
            turn=turn,
        )
    if (second.gap_s or 0.0) < 0:
        raise ScriptError(
            f"turn {turn + 1} overlaps turn {turn} by gap {second.gap_s:g}, which words of one "
            "turn cannot; take its gap off first",
            turn=turn + 1,
        )


def _add_respelling(turn: Turn, index: int, shown: str, said: str) -> Turn:
    places = list(_places(turn.text, shown))
    if not places:
        raise ScriptError(
            f"turn {index} does not say {shown!r}; give whole words of {turn.text[:60]!r}",
            turn=index,
        )
    free = [
        start
        for start in places
        if not any(s < start + len(shown) and start < e for s, e, _ in spans(turn))
    ]
    if not free:
        raise ScriptError(
            f"{shown!r} is respelled already in turn {index}; take that respelling off first",
            turn=index,
        )
    for start in free:
        spoken = spoken_at(turn, start)
        if not any(spoken < at < spoken + len(shown) for at, _ in turn.pauses):
            span = (start, start + len(shown), said)
            respelled = tuple(sorted((*turn.respellings, span)))
            return _with_spoken(turn, spoken, shown, said, respelled)
    raise ScriptError(
        f"a pause stands inside {shown!r} in turn {index}; respell the words on one side of it",
        turn=index,
    )


def _remove_respelling(turn: Turn, index: int, shown: str) -> Turn:
    for span in spans(turn):
        start, end, said = span
        if turn.text[start:end] == shown:
            kept = tuple(other for other in turn.respellings if other != span)
            spoken = spoken_at(turn, start)
            return _with_spoken(turn, spoken, said, shown, kept)
    raise ScriptError(
        f"{shown!r} is not respelled in turn {index}; give the words as they are shown", turn=index
    )


def _with_spoken(
    turn: Turn, at: int, old: str, new: str, respellings: tuple[tuple[int, int, str], ...]
) -> Turn:
    """The turn with `new` said in place of `old`, and its later pauses moved along."""
    end, longer = at + len(old), len(new) - len(old)
    return replace(
        turn,
        spoken_text=turn.spoken_text[:at] + new + turn.spoken_text[end:],
        pauses=tuple(
            (place + longer if place >= end else place, seconds) for place, seconds in turn.pauses
        ),
        respellings=respellings,
    )


def _places(text: str, words: str) -> Iterator[int]:
    """Where these stand in a text as whole words."""
    if not words:
        return
    before = r"(?<!\w)" if re.match(r"\w", words) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", words) else ""
    for match in re.finditer(before + re.escape(words) + after, text):
        yield match.start()
