"""Captions as text: SRT and WebVTT for players, JSON for programs.

Seconds become whole milliseconds once, here, so that the three agree.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.datatypes.dialogue import Caption

Names = Mapping[str, str]
"""Speaker ("S1") to the name shown; a speaker without one is shown as "S1"."""


def captions_to_srt(captions: Sequence[Caption], names: Names | None = None) -> str:
    """SubRip text: numbered cues in order of their start, each "Name: words" on one line.

    Args:
        captions: one per turn; overlap is allowed.
        names: shown in place of "S1" and so on.
    """
    cues = []
    for number, caption in enumerate(_by_start(captions), start=1):
        start_ms, end_ms = _span_ms(caption)
        span = f"{_clock(start_ms, ',')} --> {_clock(end_ms, ',')}"
        cues.append(f"{number}\n{span}\n{_name(caption, names)}: {_one_line(caption.text)}\n")
    return "\n".join(cues)


def captions_to_vtt(captions: Sequence[Caption], names: Names | None = None) -> str:
    """WebVTT text: cues in order of their start, each with a voice tag that names the speaker.

    Args:
        captions: one per turn; overlap is allowed.
        names: shown in place of "S1" and so on.
    """
    cues = ["WEBVTT\n"]
    for caption in _by_start(captions):
        start_ms, end_ms = _span_ms(caption)
        span = f"{_clock(start_ms, '.')} --> {_clock(end_ms, '.')}"
        speaker, text = _escape(_name(caption, names)), _escape(_one_line(caption.text))
        cues.append(f"{span}\n<v {speaker}>{text}\n")
    return "\n".join(cues)


def captions_to_json(captions: Sequence[Caption]) -> str:
    """A JSON list, one object per turn in script order: turn, speaker, start_s, end_s, text."""
    return json.dumps(caption_rows(captions), ensure_ascii=False, indent=2) + "\n"


def caption_rows(captions: Sequence[Caption]) -> list[dict[str, Any]]:
    """What `captions_to_json` writes, before it is text."""
    rows = []
    for caption in captions:
        start_ms, end_ms = _span_ms(caption)
        rows.append(
            {
                "turn": caption.turn,
                "speaker": caption.speaker,
                "start_s": start_ms / 1000,
                "end_s": end_ms / 1000,
                "text": caption.text,
            }
        )
    return rows


def _by_start(captions: Sequence[Caption]) -> list[Caption]:
    return sorted(captions, key=lambda caption: caption.start_s)


def _span_ms(caption: Caption) -> tuple[int, int]:
    """Whole milliseconds; players drop cues of no length, so each has at least one."""
    start_ms = round(caption.start_s * 1000)
    return start_ms, max(start_ms + 1, round(caption.end_s * 1000))


def _clock(milliseconds: int, separator: str) -> str:
    seconds, ms = divmod(milliseconds, 1000)
    minutes, s = divmod(seconds, 60)
    h, m = divmod(minutes, 60)
    return f"{h:02}:{m:02}:{s:02}{separator}{ms:03}"


def _name(caption: Caption, names: Names | None) -> str:
    return _one_line((names or {}).get(caption.speaker, caption.speaker))


def _one_line(text: str) -> str:
    """A blank line would end the cue."""
    return " ".join(text.split())


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
