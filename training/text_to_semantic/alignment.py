"""Which characters of a text a synthesiser's phones belong to, so how long each one lasts.

A monotonic alignment by dynamic programming over what letters usually sound like in English. It
need not be right everywhere: text-to-semantic learns from it roughly when each character is due.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PAUSE = "pau"

_SOUNDS = {
    "a": "ae aa ey ah ax ao eh aw ay",
    "b": "b",
    "c": "k s ch sh",
    "d": "d jh t",
    "e": "eh iy ih ax er ey",
    "f": "f v",
    "g": "g jh ng zh",
    "h": "hh",
    "i": "ih ay iy ax",
    "j": "jh",
    "k": "k",
    "l": "l",
    "m": "m",
    "n": "n ng",
    "o": "ow aa ao ah uw oy aw uh ax w",
    "p": "p f",
    "q": "k",
    "r": "r er",
    "s": "s z sh zh",
    "t": "t dh th sh ch d",
    "u": "ah uw y uh ax w",
    "v": "v f",
    "w": "w hh",
    "x": "k g z",
    "y": "y iy ay ih",
    "z": "z s zh",
}
_USUAL, _UNUSUAL = 0.3, 5.0
_SILENT_LETTER, _SILENT_MARK = 1.8, 0.2
_ANOTHER_PHONE = 1.5
_MATCH, _SILENT, _MORE = 0, 1, 2


def character_seconds(text: str, phones: Sequence[tuple[str, float]]) -> NDArray[np.float64]:
    """Seconds that each character lasts, after the silence before the first.

    Args:
        text: normalised text, at least one character.
        phones: (name, end in seconds), at least one that is no pause.

    Returns:
        (1 + characters,) float64: the silence before the text, then each character's share. Letters
        that make no sound of their own share the time of the letter before them. The sum is the end
        of the last phone; silence after the text counts for the last character.
    """
    names = [name for name, _ in phones]
    ends = np.array([end for _, end in phones])
    first = 1 if names[0] == PAUSE and len(names) > 1 else 0
    last = len(names) - 1 if names[-1] == PAUSE and len(names) - 1 > first else len(names)
    owners = _owners(text, names[first:last])
    lead = ends[first - 1] if first else 0.0
    reached = np.full(len(text), np.nan)
    reached[owners] = ends[first:last]  # later phones of a character overwrite earlier ones
    reached[-1] = ends[-1]
    bounds = _spread(reached, lead)
    return np.concatenate([[lead], np.diff(bounds)])


def character_sounds(text: str, phones: Sequence[str]) -> list[str]:
    """What each character sounds like.

    Args:
        text: normalised text, at least one character.
        phones: names in order, at least one that is no pause.

    Returns:
        For each character the phones it stands for, joined by spaces; "" where it is silent.
        Pauses before and after the text are left out, those inside are a sound like others.
    """
    names = list(phones)
    while names and names[0] == PAUSE:
        names.pop(0)
    while names and names[-1] == PAUSE:
        names.pop()
    sounds: list[list[str]] = [[] for _ in text]
    for name, owner in zip(names, _owners(text, names), strict=True):
        sounds[owner].append(name)
    return [" ".join(sound) for sound in sounds]


def _spread(reached: NDArray[np.float64], lead: float) -> NDArray[np.float64]:
    """Bounds (characters + 1,) of all characters from the ends of those that sound.

    A silent character takes an equal part of the time of the sounding one before it; before any
    sound it takes none.
    """
    n_characters = len(reached)
    sounding = np.flatnonzero(~np.isnan(reached))
    bounds = np.full(n_characters + 1, lead)
    start = lead
    for place, character in enumerate(sounding):
        following = sounding[place + 1] if place + 1 < len(sounding) else n_characters
        parts = np.linspace(start, reached[character], following - character + 1)
        bounds[character + 1 : following + 1] = parts[1:]
        start = reached[character]
    return bounds


def _owners(text: str, names: Sequence[str]) -> NDArray[np.int64]:
    """The character (phones,) that each phone belongs to, never going back."""
    n_characters, n_phones = len(text), len(names)
    best = np.zeros((n_characters + 1, n_phones + 1))
    came = np.zeros((n_characters + 1, n_phones + 1), dtype=np.int8)
    best[0] = np.concatenate([[0.0], np.full(n_phones, 1e6)])
    for row, character in enumerate(text, start=1):
        costs = _costs(character, names)
        silent = _SILENT_LETTER if character in _SOUNDS else _SILENT_MARK
        here = best[row - 1] + silent
        came[row] = _SILENT
        matched = best[row - 1, :-1] + costs
        better = matched < here[1:]
        here[1:] = np.where(better, matched, here[1:])
        came[row, 1:] = np.where(better, _MATCH, _SILENT)
        # a further phone of the same character: a running minimum along the phones
        total = np.concatenate([[0.0], np.cumsum(_ANOTHER_PHONE + costs)])
        lowest = np.minimum.accumulate(here - total) + total
        more = lowest < here - 1e-9
        came[row, more] = _MORE
        best[row] = np.where(more, lowest, here)
    owners = np.zeros(n_phones, dtype=np.int64)
    row, phone = n_characters, n_phones
    while row > 0:
        step = came[row, phone]
        if step != _SILENT:
            owners[phone - 1] = row - 1
            phone -= 1
        if step != _MORE:
            row -= 1
    return owners


def _costs(character: str, names: Sequence[str]) -> NDArray[np.float64]:
    usual = _SOUNDS.get(character, PAUSE).split()
    return np.array([_USUAL if name in usual else _UNUSUAL for name in names])
