"""Marks inside a turn: `{pause 0.5}` waits, `{Worcester|wuster}` shows the left, says the right.

Before the first word, `{pace 0.9}` and `{gap -0.2}` are options of the turn.
"""

import math
import re

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Turn
from pipeline.errors import ScriptError
from pipeline.normalisation.normalise import is_speakable
from pipeline.script_to_turns.speaker_markers import escape, unshield

_INLINE = re.compile(r"\{([^{}]*)\}|([{}])")
_PAUSE = re.compile(r"pause(?:\s+([^\s|]+?)s?)?", re.IGNORECASE)
_OPTION = re.compile(r"(pace|gap)(?:\s+([^\s|]+))?", re.IGNORECASE)


class Words:
    """Shown and spoken text of a turn while they grow, with single spaces."""

    def __init__(self) -> None:
        self.text = ""
        self.spoken = ""
        self.pauses: list[tuple[int, float]] = []
        self.respellings: list[tuple[int, int, str]] = []
        self.options: list[tuple[str, str]] = []

    def add(self, text: str) -> None:
        """Text that is shown and spoken."""
        self.text = _append(self.text, text)
        self.spoken = _append(self.spoken, text)

    def add_respelling(self, shown: str, said: str) -> None:
        """Text that is shown one way and said another."""
        start = len(self.text)
        self.text += shown
        self.spoken += said
        self.respellings.append((start, len(self.text), said))

    def add_pause(self, seconds: float) -> None:
        """Silence where the spoken text now ends."""
        self.pauses.append((len(self.spoken), seconds))


def read_marks(text: str, line: int, words: Words, limits: LimitsConfig) -> None:
    """Add one line of a turn to its words.

    Args:
        text: the line, escapes shielded.
        line: its number, for messages.
        words: what it is added to, after a space.
        limits: the longest pause.

    Raises:
        ScriptError: for a brace without a partner, with something else than a mark inside, or with
            an option of the turn after its first word.
    """
    position = 0
    words.add(" ")
    for match in _INLINE.finditer(text):
        words.add(text[position : match.start()])
        position = match.end()
        if match[2]:
            raise ScriptError(
                f"the brace {match[2]} has no partner on its line; close it, or write \\{match[2]} "
                "for the character",
                line=line,
            )
        _read_brace(match[1].strip(), line, words, limits)
    words.add(text[position:])


def write_options(turn: Turn) -> str:
    """The turn's pace and gap as marks, each with a blank after it; none for the usual ones."""
    pace = "" if turn.pace == 1.0 else f"{{pace {turn.pace!r}}} "
    return pace + ("" if turn.gap_s is None else f"{{gap {turn.gap_s!r}}} ")


def write_marks(turn: Turn) -> str:
    """The turn's words with its pauses and respellings put back in place."""
    respellings = turn.respellings
    if not respellings and turn.text != turn.spoken_text:
        respellings = ((0, len(turn.text), turn.spoken_text),)
    pauses = list(turn.pauses)
    written, shown_at, spoken_at = "", 0, 0

    def write_plain(until: int) -> str:
        """Shown text up to `until`, with the pauses that fall into it."""
        nonlocal shown_at, spoken_at
        piece, end = "", spoken_at + until - shown_at
        while pauses and pauses[0][0] <= end:
            at, seconds = pauses.pop(0)
            position = max(at, spoken_at)
            stop = shown_at + position - spoken_at
            piece += escape(turn.text[shown_at:stop]) + f"{{pause {seconds!r}}}"
            piece += " " if turn.spoken_text[position - 1 : position] == " " else ""
            shown_at, spoken_at = stop, position
        piece += escape(turn.text[shown_at:until])
        shown_at, spoken_at = until, end
        return piece

    for start, stop, said in respellings:
        written += write_plain(start) + f"{{{escape(turn.text[start:stop])}|{escape(said)}}}"
        shown_at, spoken_at = stop, spoken_at + len(said)
    return written + write_plain(len(turn.text))


def read_number(name: str, value: str, bounds: tuple[float, float], line: int) -> float:
    """The number a person gave as `name`.

    Raises:
        ScriptError: if it is not one, or lies outside the bounds.
    """
    low, high = bounds
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise ScriptError(f"{name} {value!r} must be a number from {low:g} to {high:g}", line=line)
    return number


def check_said(shown: str, said: str, line: int) -> None:
    """Refuse a respelling that cannot be spoken.

    Raises:
        ScriptError: with its line.
    """
    if not is_speakable(said):
        raise ScriptError(f"{said!r} cannot be said in place of {shown!r}", line=line)


def _append(text: str, more: str) -> str:
    more = re.sub(r"\s+", " ", more)
    return text + (more.lstrip() if not text or text.endswith(" ") else more)


def _read_brace(inside: str, line: int, words: Words, limits: LimitsConfig) -> None:
    if pause := _PAUSE.fullmatch(inside):
        words.add_pause(read_number("pause", pause[1] or "", (0.0, limits.max_pause_s), line))
        return
    if option := _OPTION.fullmatch(inside):
        name, value = option[1].lower(), option[2] or ""
        if words.text or words.pauses:
            raise ScriptError(
                f"{{{unshield(inside)}}} stands after the first word; write it right after the "
                f"speaker, as in '[S1] {{{name} 0.9}} Hello.', or make a turn of its own of the "
                "words",
                line=line,
            )
        words.options.append((name, value))
        return
    shown, *said = (" ".join(side.split()) for side in inside.split("|"))
    if len(said) != 1 or not shown or not said[0]:
        raise ScriptError(
            f"cannot read {{{unshield(inside)}}}; there are {{pause 0.5}}, {{Worcester|wuster}}, "
            "and {pace 0.9} and {gap -0.2} before the first word; or write \\{ for the character",
            line=line,
        )
    check_said(unshield(shown), unshield(said[0]), line)
    words.add_respelling(shown, said[0])
