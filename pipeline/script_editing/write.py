"""Scripts as text and as lines of an editor, with the names of their speakers.

A line of an editor is `{"speaker": name, "text": ...}`; pace, gap, pauses and respellings are marks
in its text. Where names cannot stand before a colon, speakers are written as `[S1]`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script
from pipeline.errors import ScriptError
from pipeline.script_to_turns.inline_marks import write_marks, write_options
from pipeline.script_to_turns.parse import (
    assign_speakers,
    check_script_length,
    turns_to_script,
)
from pipeline.script_to_turns.speaker_markers import NUMBERED, Segment, split_name

_MANY_SPEAKERS = LimitsConfig(max_speakers=1_000)
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


def script_to_text(script: Script, limits: LimitsConfig | None = None) -> str:
    """Write a script, one turn a line, with the names of its speakers.

    Args:
        script: as parsed or edited; the lines of its turns and its notes are not kept.
        limits: how long the text may be; `None`: as long as it is.

    Returns:
        Lines such as `Anna: {pace 0.9} Hello.`; `[S1 pace=0.9] Hello.` where speakers have no
        names, or where names would not be read back to the same speakers.

    Raises:
        ScriptError: if it is too long.
    """
    named = has_names(script) and _is_read_back(script)
    text = lines_to_text(script_to_lines(script)) if named else turns_to_script(script.turns)
    if limits is not None:
        check_script_length(len(text), limits)
    return text


def script_to_lines(script: Script) -> list[dict[str, str]]:
    """The turns of a script for a line editor.

    Args:
        script: as parsed.

    Returns:
        For each turn, `"speaker"`: the name shown, and `"text"`: marks of pace and gap, then the
        words with their marks.
    """
    return [
        {
            "speaker": script.speaker_names.get(turn.speaker, turn.speaker),
            "text": write_options(turn) + write_marks(turn),
        }
        for turn in script.turns
    ]


def lines_to_text(lines: Sequence[Mapping[str, str]]) -> str:
    """Write the lines of an editor as a script, whether or not it can be read yet.

    Args:
        lines: each with `"speaker"`, a name or "S1", and `"text"`; a line without a speaker
            continues the one above it.

    Returns:
        One line of text for each, none left out: `Anna: words`, or `[S1] words` if the speakers
        have no names or not all of them can stand before a colon. The words are as typed, but for
        line ends, which become a blank each: after them a name would begin another turn.
    """
    speakers = [_one_line(line.get("speaker") or "").strip() for line in lines]
    named = list(dict.fromkeys(speaker for speaker in speakers if speaker))
    numbers = {} if can_be_written(named) else _numbers(named)
    written = []
    for line, speaker in zip(lines, speakers, strict=True):
        words = _one_line(line.get("text") or "")
        marker = f"[{numbers[speaker]}]" if speaker in numbers else f"{speaker}:" * bool(speaker)
        written.append(marker + " " * bool(marker and words) + words + "\n")
    return "".join(written)


def has_names(script: Script) -> bool:
    """Whether any speaker of a script has a name besides "S1" and so on."""
    return any(name != speaker for speaker, name in script.speaker_names.items())


def can_be_written(names: Iterable[str]) -> bool:
    """Whether all of these can stand before a colon as names of speakers.

    Args:
        names: at least one; "S1" and "Speaker 1" are numbers, not names.
    """
    names = list(names)
    return bool(names) and all(
        split_name(f"{name}: a") == (name, "a") and not NUMBERED.fullmatch(name) for name in names
    )


def _is_read_back(script: Script) -> bool:
    """Whether names before colons are read as the same speakers: they get numbers as they come."""
    names = script.speaker_names
    heard = list(dict.fromkeys(turn.speaker for turn in script.turns))
    return (
        can_be_written(names.values())
        and heard == list(names) == [f"S{number}" for number in range(1, len(names) + 1)]
        and len({name.casefold() for name in names.values()}) == len(names)
    )


def _numbers(names: Sequence[str]) -> dict[str, str]:
    """Name → "S1".., as the parser would number them; none if it could not."""
    try:
        numbers, _ = assign_speakers([Segment(line=1, label=n) for n in names], _MANY_SPEAKERS)
    except ScriptError:
        return {}
    return {name: numbers[name.casefold()] for name in names}


def _one_line(text: str) -> str:
    return _LINE_ENDS.sub(" ", text)
