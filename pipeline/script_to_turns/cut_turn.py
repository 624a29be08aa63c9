"""One turn as two, a long one as many: pauses and respellings stay with their words."""

import re
from dataclasses import replace

from pipeline.datatypes.script import Turn
from pipeline.normalisation.normalise import is_speakable

_SENTENCE_END = r"(?<=[.!?…])[\"'”’)\]]* "
_CLAUSE_END = "(?<=[,;:–—-]) "


def cut_long_turn(turn: Turn, most: int) -> list[Turn]:
    """Turns of no more characters than accepted, cut at sentences, or else between clauses.

    Args:
        turn: of any length.
        most: characters of a turn.

    Returns:
        The parts, in order, the second and all later ones with the default gap; the last one is
        too long still if there is no place to cut it.
    """
    parts = [turn]
    while max(len(parts[-1].text), len(parts[-1].spoken_text)) > most:
        blank = _last_place(parts[-1], most)
        if blank is None:
            break
        parts[-1:] = cut_at_blank(parts[-1], blank)
    return parts


def find_blanks(turn: Turn, pattern: str) -> list[int]:
    """Where blanks that end a pattern are in the shown text, outside respellings."""
    return [
        match.end() - 1
        for match in re.finditer(pattern, turn.text)
        if not any(start < match.end() and match.end() - 1 < end for start, end, _ in spans(turn))
    ]


def _last_place(turn: Turn, most: int) -> int | None:
    plain = [match.start() for match in re.finditer("[A-Za-z0-9]", turn.text)]
    for pattern in (_SENTENCE_END, _CLAUSE_END):
        for blank in reversed(find_blanks(turn, pattern)):
            has_words = bool(plain) and plain[0] < blank < plain[-1]
            if has_words and max(blank, spoken_at(turn, blank)) <= most:
                return blank
    return None


def spans(turn: Turn) -> tuple[tuple[int, int, str], ...]:
    """Its respellings; the whole turn where their places are not known."""
    if turn.respellings or turn.text == turn.spoken_text:
        return turn.respellings
    return ((0, len(turn.text), turn.spoken_text),)


def spoken_at(turn: Turn, position: int) -> int:
    """Where a position of the shown text, outside respellings, is in the spoken text."""
    return position + sum(
        len(said) - (end - start) for start, end, said in spans(turn) if end <= position
    )


def cut_at_blank(turn: Turn, blank: int) -> tuple[Turn, Turn]:
    """Two turns of one, cut at a blank of its shown text; a pause at the cut ends the first."""
    spoken_blank = spoken_at(turn, blank)
    spoken = turn.spoken_text[spoken_blank + 1 :]
    inner: list[tuple[int, float]] = []
    at_cut: list[tuple[int, float]] = []
    for position, seconds in turn.pauses:
        if position <= spoken_blank:
            at_cut.append((position, seconds))
        elif is_speakable(spoken[: position - spoken_blank - 1]):
            inner.append((position - spoken_blank - 1, seconds))
        else:
            at_cut.append((spoken_blank, seconds))
    first = replace(
        turn,
        text=turn.text[:blank],
        spoken_text=turn.spoken_text[:spoken_blank],
        pauses=tuple(at_cut),
        respellings=tuple(span for span in spans(turn) if span[1] <= blank),
    )
    second = replace(
        turn,
        text=turn.text[blank + 1 :],
        spoken_text=spoken,
        gap_s=None,
        pauses=tuple(inner),
        respellings=shift([span for span in spans(turn) if span[0] > blank], -(blank + 1)),
    )
    return first, second


def shift(spans: list[tuple[int, int, str]], by: int) -> tuple[tuple[int, int, str], ...]:
    """Respellings that have moved along with their text."""
    return tuple((start + by, end + by, said) for start, end, said in spans)
