"""HTML of the page's own: messages, progress, waveforms in colour. All text is escaped."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.note import Note
from pipeline.datatypes.sound import Waveform

WAVE_COLUMNS = 600
WAVE_HEIGHT = 80


def message_html(message: str, problem: bool = False) -> str:
    """One paragraph for a message box; the words are shown as they are, never as markup."""
    kind = ' class="problem"' if problem else ""
    return f"<p{kind}>{html.escape(sentence(message))}</p>"


def progress_html(share: float, message: str) -> str:
    """A message with a bar.

    Args:
        share: of the work that is done, in [0, 1].
        message: what is being done, and how long it will take.
    """
    percent = round(100 * share)
    return (
        f"<p>{html.escape(message)}</p>"
        f'<progress max="100" value="{percent}" aria-label="Share done">{percent} %</progress>'
    )


def notes_markdown(notes: Sequence[Note]) -> str:
    """A list; the words of a script are shown as they are, never as markup."""
    return "\n".join(f"- {_plain(str(note))}" for note in notes)


def sentence(message: str) -> str:
    """The message with a capital first letter."""
    return message[:1].upper() + message[1:]


def clock(seconds: float) -> str:
    """Minutes and seconds, tenths of seconds too: "1:02.5"."""
    minutes, rest = divmod(round(max(seconds, 0.0), 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def waveform_html(dialogue: Dialogue, names: Mapping[str, str]) -> str:
    """The mix as a picture, every turn in its speaker's colour, above a legend.

    Args:
        dialogue: what was spoken.
        names: speaker to the name shown.
    """
    speakers = list(dict.fromkeys(turn.speaker for turn in dialogue.turns))
    n_samples = len(dialogue.mix.samples)
    loudest = max(float(np.abs(dialogue.mix.samples).max(initial=0.0)), 1e-3)
    places = zip(dialogue.turns, dialogue.sounds, dialogue.starts, strict=True)
    paths = "".join(
        f'<path class="{turn.speaker.lower()}" data-turn="{index}" '
        f'd="{_turn_path(sound, start, n_samples, loudest)}"/>'
        for index, (turn, sound, start) in enumerate(places)
    )
    who = ", ".join(names.get(speaker, speaker) for speaker in speakers)
    label = f"Waveform of {len(dialogue.turns)} turns; speakers: {who}"
    legend = "".join(
        f'<li><span class="swatch {speaker.lower()}"></span>'
        f"{html.escape(names.get(speaker, speaker))}</li>"
        for speaker in speakers
    )
    return (
        f'<svg role="img" aria-label="{html.escape(label)}" preserveAspectRatio="none" '
        f'viewBox="0 0 {WAVE_COLUMNS} {WAVE_HEIGHT}">{paths}</svg>'
        f'<ul class="legend">{legend}</ul>'
    )


def envelope_svg(envelope: Sequence[float], used: tuple[float, float] | None, label: str) -> str:
    """A recording as a picture, with the stretch in colour that serves as the prompt.

    Args:
        envelope: peaks in [0, 1], evenly over the recording.
        used: shares of its length, (start, end), in [0, 1]; `None`: nothing.
        label: what the picture shows.
    """
    peaks = np.asarray(envelope, dtype=np.float32)
    first, last = used or (0.0, 0.0)
    columns = np.arange(len(peaks))
    inside = (columns >= first * len(peaks)) & (columns < last * len(peaks))
    paths = "".join(
        f'<path class="{kind}" d="{_bars(columns[part], peaks[part])}"/>'
        for kind, part in (("unused", ~inside), ("used", inside))
    )
    return (
        f'<svg role="img" aria-label="{html.escape(label)}" preserveAspectRatio="none" '
        f'viewBox="0 0 {max(len(peaks), 1)} {WAVE_HEIGHT}">{paths}</svg>'
    )


def _turn_path(sound: Waveform, start: int, n_samples: int, loudest: float) -> str:
    """Bars from the lowest to the highest sample of each column that a turn sounds in."""
    per_column = max(n_samples / WAVE_COLUMNS, 1.0)
    first = int(start / per_column)
    edges = ((np.arange(first, WAVE_COLUMNS + 1) * per_column) - start).astype(int)
    edges = np.unique(np.clip(edges, 0, len(sound.samples)))
    if len(edges) < 2:
        return ""
    peaks = np.maximum.reduceat(np.abs(sound.samples), edges[:-1]) / np.float32(loudest)
    return _bars(first + np.arange(len(peaks)), peaks)


def _bars(columns: NDArray[np.int_], peaks: NDArray[np.floating[Any]]) -> str:
    middle = WAVE_HEIGHT / 2
    heights = np.clip(peaks, 0.01, 1.0) * middle
    return "".join(
        f"M{column} {middle - height:.1f}V{middle + height:.1f}"
        for column, height in zip(columns, heights, strict=True)
    )


def _plain(text: str) -> str:
    escaped = html.escape(" ".join(text.split()), quote=False)  # an entity of a quote holds a "#"
    return "".join(f"\\{mark}" if mark in "\\`*_[]()#!|~$" else mark for mark in escaped)
