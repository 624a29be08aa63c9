"""Scripts as text and as lines of an editor, with the names of their speakers.

A line of an editor is `{"speaker": name, "text": ...}`; pace, gap, pauses and respellings are marks
in its text. Where names cannot stand before a colon, speakers are written as `[S1]`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script, Turn
from pipeline.errors import ScriptError
from pipeline.script_to_turns.inline_marks import write_marks, write_options
from pipeline.script_to_turns.parse import script_to_turns, turns_to_script

_HUGE = 1_000_000_000
_NO_LIMITS = LimitsConfig(
    max_speakers=1_000,
    max_turn_characters=_HUGE,
    max_script_characters=_HUGE,
    min_pace=0.0,
    max_pace=_HUGE,
    max_gap_s=_HUGE,
    max_pause_s=_HUGE,
)
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


def script_to_text(script: Script) -> str:
    """Write a script, one turn a line, with the names of its speakers.

    Args:
        script: as parsed; the lines of its turns and its notes are not kept.

    Returns:
        Lines such as `Anna: {pace 0.9} Hello.`; `[S1 pace=0.9] Hello.` where speakers have no
        names, or where names would not be read back to the same speakers.
    """
    if not has_names(script):
        return turns_to_script(script.turns)
    text = lines_to_text(script_to_lines(script))
    return text if reads_as(text, script) else turns_to_script(script.turns)


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
        names: each once; "S1" and "Speaker 1" are numbers, not names.
    """
    names = list({name.casefold(): name for name in reversed([*names])}.values())[::-1]
    try:
        script = script_to_turns("\n".join(f"{name}: a" for name in names), _NO_LIMITS)
    except ScriptError:
        return False
    found = list(script.speaker_names.items())
    return found == [(f"S{number}", name) for number, name in enumerate(names, 1)] and all(
        speaker != name for speaker, name in found
    )


def reads_as(text: str, script: Script) -> bool:
    """Whether a text is read back to the turns and names of a script, whatever their lines.

    Args:
        text: what was written.
        script: what it should say.
    """
    try:
        read = script_to_turns(text, _NO_LIMITS)
    except ScriptError:
        return False
    return (
        _without_lines(read.turns) == _without_lines(script.turns)
        and read.speaker_names == script.speaker_names
    )


def _numbers(names: Sequence[str]) -> dict[str, str]:
    """Name → "S1".., as the parser would number them; none if it could not."""
    try:
        probe = script_to_turns([{"speaker": name, "text": "a"} for name in names], _NO_LIMITS)
    except ScriptError:
        return {}
    return {name: turn.speaker for name, turn in zip(names, probe.turns, strict=True)}


def _one_line(text: str) -> str:
    return _LINE_ENDS.sub(" ", text)


def _without_lines(turns: Sequence[Turn]) -> list[Turn]:
    return [replace(turn, line=1) for turn in turns]
