"""The lines of one turn as the turn: its words, options and marks, checked against the limits."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Turn
from pipeline.errors import ScriptError
from pipeline.normalisation.normalise import is_speakable, unspeakable_characters
from pipeline.script_to_turns.foreign_marks import read_foreign_marks
from pipeline.script_to_turns.inline_marks import Words, check_said, read_marks, read_number
from pipeline.script_to_turns.speaker_markers import unshield

PARAGRAPH_PAUSE_S, ITEM_PAUSE_S = 0.5, 0.3
"""Silence for a blank line inside a turn, and between items of a list."""
_LINE_END = re.compile(r"\n(?![^{}]*\})")
_LIST_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,3}[.)])\s")
_PLAIN = re.compile("[A-Za-z0-9]")
_STAGE_DIRECTION = re.compile(r"\[[^\]]*\]|<[^>]*>|\*[^*]+\*")


@dataclass(slots=True)
class Draft:
    """A turn while its lines are gathered."""

    label: str
    options: str
    line: int
    asides: tuple[str, ...] = ()
    parts: list[tuple[int, str]] = field(default_factory=list)


def build_turn(
    draft: Draft, limits: LimitsConfig, before: Turn | None = None
) -> tuple[Turn, list[Note]]:
    """Read the marks in a turn's words.

    Args:
        draft: its lines.
        limits: what is accepted.
        before: whose options it has where it has none of its own.

    Returns:
        The turn, its label in place of its speaker, and notes. It may have no words.

    Raises:
        ScriptError: for a mark that cannot be read.
    """
    words, leading_s = Words(), 0.0
    notes = [
        Note(kind="aside left out", line=draft.line, values=(repr(unshield(aside)),))
        for aside in draft.asides
    ]
    for line, text in _lines_and_pauses(draft.parts, words):
        begun = bool(_PLAIN.search(words.spoken))
        plain, waited_s, told = read_foreign_marks(text, begun, limits.max_pause_s)
        leading_s += waited_s
        notes += [note.at_line(line) for note in told]
        read_marks(plain, line, words, limits)
    options = _read_options(draft.options, words.options, draft.line, limits)
    if leading_s:
        options.setdefault("gap", min(leading_s, limits.max_gap_s))
    turn = Turn(
        speaker=draft.label,
        text=unshield(words.text.rstrip()),
        spoken_text=unshield(words.spoken.rstrip()),
        pace=options.get("pace", before.pace if before else 1.0),
        gap_s=options.get("gap", before.gap_s if before else None),
        pauses=tuple(
            (min(at, len(words.spoken.rstrip())), seconds) for at, seconds in words.pauses
        ),
        respellings=tuple((start, end, unshield(said)) for start, end, said in words.respellings),
        line=draft.line,
    )
    return turn, notes


def _lines_and_pauses(parts: Sequence[tuple[int, str]], words: Words) -> Iterator[tuple[int, str]]:
    """Lines of a turn; between paragraphs, and around items of a list, its words get a pause."""
    above: tuple[int, str] | None = None
    for number, part in parts:
        for text in _LINE_END.split(part):
            if not text.strip():
                above = None if above is None else (-1, above[1])
                continue
            if above is not None and _PLAIN.search(words.spoken):
                if above[0] not in (number, number - 1):
                    words.add_pause(PARAGRAPH_PAUSE_S)
                elif _LIST_ITEM.match(text) or _LIST_ITEM.match(above[1]):
                    words.add_pause(ITEM_PAUSE_S)
            above = (number, text)
            yield number, text


def check_turn(turn: Turn, limits: LimitsConfig) -> None:
    """Refuse a turn that no script could hold, however it was made.

    Raises:
        ScriptError: with the turn's line and what would work.
    """
    read_number("pace", str(turn.pace), (limits.min_pace, limits.max_pace), turn.line)
    if turn.gap_s is not None:
        read_number("gap", str(turn.gap_s), (-limits.max_gap_s, limits.max_gap_s), turn.line)
    for _, pause_s in turn.pauses:
        read_number("pause", str(pause_s), (0.0, limits.max_pause_s), turn.line)
    for start, stop, said in turn.respellings:
        check_said(turn.text[start:stop], said, turn.line)
    check_words(turn, limits)


def check_words(turn: Turn, limits: LimitsConfig) -> None:
    """Refuse a turn that is too long, or has nothing that can be spoken after a pause.

    Raises:
        ScriptError: with the turn's line and what would work.
    """
    n_characters = max(len(turn.text), len(turn.spoken_text))
    if n_characters > limits.max_turn_characters:
        raise ScriptError(
            f"this turn has {n_characters} characters, at most {limits.max_turn_characters} are "
            "accepted; split it into several turns of the same speaker",
            line=turn.line,
        )
    if not turn.spoken_text:
        raise ScriptError(
            f"{turn.speaker} has nothing to say; add words or delete the marker", line=turn.line
        )
    if not is_speakable(turn.spoken_text):
        raise ScriptError(
            f"{turn.text[:40]!r} has nothing that can be spoken; write words in Latin "
            "letters, or digits",
            line=turn.line,
        )
    if any(not is_speakable(turn.spoken_text[:position]) for position, _ in turn.pauses):
        raise ScriptError(
            f"a pause stands before the first word; write [{turn.speaker} gap=0.5] for silence "
            "before a turn",
            line=turn.line,
        )


def notes_on(turn: Turn) -> list[Note]:
    """What of a turn's words is left out, or may be no words."""
    notes = []
    if not turn.spoken_text.isascii() and (left_out := unspeakable_characters(turn.spoken_text)):
        notes.append(Note(kind="left out", line=turn.line, values=(left_out,)))
    if match := _STAGE_DIRECTION.search(turn.spoken_text):
        notes.append(Note(kind="direction", line=turn.line, values=(repr(match[0]),)))
    return notes


def _read_options(
    beside: str, marks: Sequence[tuple[str, str]], line: int, limits: LimitsConfig
) -> dict[str, float]:
    """Pace and gap of one turn, as far as given: beside its speaker or as marks."""
    bounds = {
        "pace": (limits.min_pace, limits.max_pace),
        "gap": (-limits.max_gap_s, limits.max_gap_s),
    }
    given: list[tuple[str, str]] = []
    for option in unshield(beside).replace(",", " ").split():
        name, equals, value = option.partition("=")
        if name not in bounds or not equals:
            raise ScriptError(
                f"unknown option {option!r}; there are pace=0.9 and gap=-0.2", line=line
            )
        given.append((name, value))
    values: dict[str, float] = {}
    for name, value in [*given, *marks]:
        if name in values:
            raise ScriptError(f"{name} is given twice; keep one", line=line)
        values[name] = read_number(name, unshield(value), bounds[name], line)
    return values
