"""SRT and WebVTT text → who says what: speakers found, tags taken off, timing left behind."""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.errors import ScriptError
from pipeline.script_to_turns.speaker_markers import split_name

NARRATOR = "Narrator"
"""Who says what stands before the first name, in a file where others have names."""

_CLOCK = r"(?:\d{1,4}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
_TIMING = re.compile(rf"[ \t]*{_CLOCK}[ \t]*-->[ \t]*{_CLOCK}(?:\s|$)")
_BLOCKS_BESIDES_CUES = ("WEBVTT", "NOTE", "STYLE", "REGION")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,100})?[ \t]+([^<>\n]{1,200})>")
_VTT_TAG = re.compile(r"<[^<>\n]{0,200}>")
_SRT_TAG = re.compile(r"</?(?:b|i|u|s|font)(?:[ \t][^<>\n]{0,200})?>", re.IGNORECASE)
_SRT_OVERRIDE = re.compile(r"\{(?:\\(?:an?\d{1,2}|[bius][01]|pos\([\d., ]{1,30}\))){1,9}\}")
_ANY_NAME = re.compile(r"([^:：\[\]{}<>]{1,60})[:：]\s+(?=\S)")
_DASH = re.compile(r"[-‐–—][ \t]*(?=\S)")
_Split = Callable[[str], tuple[str, str] | None]
_BLANKS = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Words somebody says, found in a file.

    Attributes:
        speaker: a name, or "S1"; empty where none is given.
        words: plain words, on one line.
        hands_over: whether a dash before them says that another one speaks.
    """

    speaker: str = ""
    words: str
    hands_over: bool = False


def read_cues(text: str, vtt: bool) -> tuple[list[Speech], list[str]]:
    """Read captions.

    Args:
        text: SubRip, or WebVTT.
        vtt: which of the two.

    Returns:
        What is said, in the order of the cues, and notes on what was left out.

    Raises:
        ScriptError: if there is no cue.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues, n_left_out = _split_cues(lines, vtt)
    if not cues:
        raise ScriptError(
            "there are no captions in it; each needs its time on a line, as in "
            "'00:00:01,000 --> 00:00:02,500', and its words below"
        )
    if vtt and any(_VOICE.search(line) for cue in cues for line in cue):
        speeches = [speech for cue in cues for speech in _read_voices(cue)]
    else:
        plain = [[_without_tags(line, vtt) for line in cue] for cue in cues]
        speeches = _read_plain([[line for line in cue if line] for cue in plain])
    notes = ["the times of the captions are not taken over"]
    if n_left_out:
        notes.append(f"left out, as no captions: {n_left_out} {_of('line', n_left_out)}")
    return [speech for speech in speeches if speech.words], notes


def find_speakers(speeches: Sequence[Speech]) -> tuple[list[Speech], list[str]]:
    """Give a speaker to what has none, and say so.

    Args:
        speeches: as found.

    Returns:
        The same, each with a speaker, and notes: without any name all is said by S1, or by S1 and
        S2 in turn where dashes hand over; among names it is the speaker above who goes on.
    """
    n_unnamed = sum(not speech.speaker for speech in speeches)
    if not n_unnamed:
        return list(speeches), []
    if n_unnamed < len(speeches):
        found, above = [], NARRATOR
        for speech in speeches:
            above = speech.speaker or above
            found.append(replace(speech, speaker=above))
        note = f"{n_unnamed} {_of('caption', n_unnamed)} without a name: said by the speaker above"
        return found, [note + (f", or by {NARRATOR}" if found[0].speaker == NARRATOR else "")]
    found, n_turns = [], 0
    for speech in speeches:
        n_turns += speech.hands_over or not n_turns
        found.append(replace(speech, speaker=f"S{(n_turns + 1) % 2 + 1}"))
    if n_turns > 1:
        return found, ["no speaker is named: S1 and S2 take turns at each dash"]
    return found, ["no speaker is named: all of it is said by S1"]


def join_speeches(speeches: Sequence[Speech], max_characters: int) -> list[Speech]:
    """Make one turn of what one speaker says in several cues, as far as a turn may be long.

    Args:
        speeches: each with a speaker.
        max_characters: of one turn; a single cue is never cut.
    """
    joined: list[Speech] = []
    for speech in speeches:
        above = joined[-1] if joined else None
        if (
            above
            and above.speaker.casefold() == speech.speaker.casefold()
            and len(above.words) + 1 + len(speech.words) <= max_characters
        ):
            joined[-1] = replace(above, words=f"{above.words} {speech.words}")
        else:
            joined.append(speech)
    return joined


def one_line(text: str) -> str:
    """Words with single blanks between them; other control characters stay for the parser."""
    return _BLANKS.sub(" ", text).strip(" ")


def _split_cues(lines: Sequence[str], vtt: bool) -> tuple[list[list[str]], int]:
    """The lines of each cue's words, and how many other lines were left out."""
    cues: list[list[str]] = []
    n_left_out = 0
    for block in _blocks(lines):
        starts = [n for n, line in enumerate(block) if _TIMING.match(line)]
        before = block[: starts[0]] if starts else block
        if before and _is_label(before[-1], bool(starts), vtt, len(cues) + 1):
            before = before[:-1]
        if before and (not cues or (vtt and before[0].split()[0] in _BLOCKS_BESIDES_CUES)):
            n_left_out += len(before) - (before[0].split()[0] == "WEBVTT")
        elif before:
            cues[-1] += before
        for start, stop in pairwise([*starts, len(block)]):
            words = block[start + 1 : stop]
            if words and stop < len(block) and words[-1].strip().isdigit():
                words = words[:-1]
            cues.append(words)
    return cues, n_left_out


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    """Lines between blank lines."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _is_label(line: str, above_time: bool, vtt: bool, number: int) -> bool:
    """Whether a line numbers the next cue; in WebVTT any line above its time does."""
    return (above_time and (vtt or line.strip().isdigit())) or line.strip() == str(number)


def _without_tags(line: str, vtt: bool) -> str:
    if vtt:
        return one_line(html.unescape(_VTT_TAG.sub("", line)))
    return one_line(_SRT_OVERRIDE.sub("", _SRT_TAG.sub("", line)))


def _read_voices(cue: Sequence[str]) -> list[Speech]:
    """What stands before the first voice tag has no name."""
    before, *others = _VOICE.split("\n".join(cue))
    pairs = [("", before), *zip(others[::2], others[1::2], strict=True)]
    return [
        Speech(speaker=one_line(html.unescape(name)), words=_without_tags(words, vtt=True))
        for name, words in pairs
    ]


def _read_plain(cues: Sequence[Sequence[str]]) -> list[Speech]:
    """Names before a colon, else in brackets, decided for the file as a whole; else dashes."""
    cues = [cue for cue in cues if cue]
    split = _splitter([_undashed(line) for cue in cues for line in cue], [cue[0] for cue in cues])
    return [speech for cue in cues for speech in _read_lines(cue, split)]


def _splitter(lines: Sequence[str], first_lines: Sequence[str]) -> _Split:
    splits: tuple[_Split, ...] = (split_name, _split_bracket)
    for split in splits:
        found = [split(line) is not None for line in lines]
        if found and (found[0] or sum(found) > 1):
            return split
    if len(first_lines) > 1 and all(_split_any(line) for line in first_lines):
        return _split_any
    return lambda line: None


def _split_bracket(line: str) -> tuple[str, str] | None:
    """A bracket without words after it is a sound, as in `[Music]`."""
    found = split_name(line, "[Name]")
    return found if found and found[1] else None


def _split_any(line: str) -> tuple[str, str] | None:
    match = _ANY_NAME.match(line)
    return (match[1].strip(), line[match.end() :]) if match and match[1].strip() else None


def _undashed(line: str) -> str:
    return _DASH.sub("", line, count=1) if _DASH.match(line) else line


def _read_lines(cue: Sequence[str], split: _Split) -> list[Speech]:
    """One cue; a lone dash inside it is no hand-over."""
    n_dashes = sum(bool(_DASH.match(line)) for line in cue)
    heads: list[Speech] = []
    words: list[list[str]] = []
    for place, line in enumerate(cue):
        if found := split(_undashed(line)):
            heads.append(Speech(speaker=found[0], words=found[1]))
        elif _DASH.match(line) and (n_dashes > 1 or place == 0):
            heads.append(Speech(words=_undashed(line), hands_over=True))
        elif not heads:
            heads.append(Speech(words=line))
        else:
            words[-1].append(line)
            continue
        words.append([heads[-1].words])
    return [
        replace(head, words=one_line(" ".join(parts)))
        for head, parts in zip(heads, words, strict=True)
    ]


def _of(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
