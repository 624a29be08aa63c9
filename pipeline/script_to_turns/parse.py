"""Stage 1 of 6: script → turns.

Reads every usual way to mark speakers (`speaker_markers.py`), per-turn options such as
`[S2 pace=0.9 gap=-0.2]` or `Anna: {pace 0.9} {gap -0.2} Hello.`, and marks inside a turn
(`inline_marks.py`). A backslash makes a bracket, brace or bar a plain character. What cannot be
read is refused with its line; what was guessed stands in the notes.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Script, Turn
from pipeline.errors import ScriptError
from pipeline.normalisation.normalise import is_speakable
from pipeline.script_to_turns.build_turn import Draft, build_turn, check_words, notes_on
from pipeline.script_to_turns.cut_turn import cut_long_turn
from pipeline.script_to_turns.foreign_marks import LONG_PAUSE_S, blank_controls
from pipeline.script_to_turns.inline_marks import (
    read_number,
    write_marks,
)
from pipeline.script_to_turns.speaker_markers import (
    NUMBERED,
    Segment,
    read_segments,
    refuse_control_characters,
    shield_escapes,
    unshield,
)

_EXAMPLE = "type lines such as '[S1] Hello.' and '[S2] Hi there.'"
_MAX_DIGITS = 9
"""More of a number are not read: it is far too large anyway."""
_JSON_LIST = re.compile(r"\s*(?:\[\s*[\{\"\]]|\{\s*[\"\}])")


def script_to_turns(script: str | Sequence[Mapping[str, str]], limits: LimitsConfig) -> Script:
    """Read a script.

    Args:
        script: the typed text, JSON included; or a list of `{"speaker": ..., "text": ...}`, perhaps
            with `"pace"` and `"gap"`. In a list, messages count items in place of lines.
        limits: what is accepted.

    Returns:
        Its turns in order, the name behind each speaker, and notes on anything guessed or left out.

    Raises:
        ScriptError: for anything that cannot be read or spoken, with its line and what would work.
    """
    if isinstance(script, str):
        check_script_length(len(script), limits)
        segments, notes = _read_text(script)
    else:
        check_script_length(sum(len(str(item)) for item in script), limits)
        segments, notes = _read_records(script)
    if not segments:
        raise ScriptError(f"the script is empty; {_EXAMPLE}")
    drafts = _join(segments)
    built = [build_turn(draft, limits) for draft in drafts]
    silent = _find_silent([turn for turn, _ in built], limits.max_turn_characters)
    heard = [segment for segment in segments if segment.label]
    heard = [segment for segment, quiet in zip(heard, silent, strict=True) if not quiet]
    speakers, speaker_notes = assign_speakers(heard, limits)
    turns: list[Turn] = []
    turn_notes: list[Note] = []
    for (turn, told), quiet in zip(built, silent, strict=True):
        turn_notes += told
        if quiet:
            turn_notes.append(_keep_silence(turns, turn))
            continue
        said = replace(turn, speaker=speakers[turn.speaker.casefold()])
        parts = cut_long_turn(said, limits.max_turn_characters)
        for part in parts:
            check_words(part, limits)
        if len(parts) > 1:
            turn_notes.append(Note(kind="cut", line=turn.line, values=(str(len(parts)),)))
        turns += parts
        turn_notes += notes_on(said)
    names = _names(
        [draft for draft, quiet in zip(drafts, silent, strict=True) if not quiet], speakers
    )
    return Script(
        turns=tuple(turns), speaker_names=names, notes=(*notes, *speaker_notes, *turn_notes)
    )


def edit_turn(
    turn: Turn, text: str | None, pace: float | None, limits: LimitsConfig
) -> tuple[Turn, tuple[Note, ...]]:
    """Let a turn say something else, or at another pace.

    Args:
        turn: as parsed; its speaker, gap and line stay.
        text: as typed after a marker, inline marks included; `None`: what it said.
        pace: `None`: what it was, or what the text marks.
        limits: what is accepted.

    Returns:
        The turn, and notes on its text.

    Raises:
        ScriptError: if it cannot be read or spoken, with the turn's line and what would work; if
            the text marks another gap, or another pace than the one given beside it.
    """
    if pace is not None:
        pace = read_number("pace", str(pace), (limits.min_pace, limits.max_pace), turn.line)
        turn = replace(turn, pace=pace)
    if text is None:
        return turn, ()
    edited, notes = _reword(turn, text, limits)
    if pace is not None and edited.pace != pace:
        raise ScriptError(
            f"pace is given twice, as {pace:g} and as {edited.pace:g}; keep one", line=turn.line
        )
    if edited.gap_s != turn.gap_s:
        raise ScriptError(
            "the gap before a turn stays when the turn is made anew; take {gap} off here and "
            "change it in the script",
            line=turn.line,
        )
    return edited, (*notes, *notes_on(edited))


def reword_turn(turn: Turn, text: str, limits: LimitsConfig) -> Turn:
    """The turn with other words; its pace and gap stay where the words mark no others.

    Args:
        turn: as parsed; its speaker and line stay.
        text: as typed after a marker, inline marks included.
        limits: what is accepted.

    Raises:
        ScriptError: if it cannot be read or spoken, with the turn's line and what would work.
    """
    return _reword(turn, text, limits)[0]


def _reword(turn: Turn, text: str, limits: LimitsConfig) -> tuple[Turn, list[Note]]:
    refuse_control_characters(text, line=turn.line)
    words = [(turn.line, shield_escapes(text))]
    draft = Draft(label=turn.speaker, options="", line=turn.line, parts=words)
    edited, notes = build_turn(draft, limits, turn)
    check_words(edited, limits)
    return edited, notes


def assign_speakers(
    segments: Sequence[Segment], limits: LimitsConfig
) -> tuple[dict[str, str], list[Note]]:
    """Number speakers: numbers keep their own, names take what is free, in order.

    Args:
        segments: of a script.
        limits: how many speakers it may have.

    Returns:
        Each label, in small letters, to "S1" and so on; and notes.

    Raises:
        ScriptError: if there are too many.
    """
    firsts: dict[str, Segment] = {}
    for segment in segments:
        if segment.label:
            firsts.setdefault(segment.label.casefold(), segment)
    numbers = {
        label: int(m[1][:_MAX_DIGITS]) for label in firsts if (m := NUMBERED.fullmatch(label))
    }
    notes = []
    if 0 in numbers.values():
        numbers = {label: number + 1 for label, number in numbers.items()}
        notes.append(Note(kind="numbered from 0"))
    free = [n + 1 for n in range(limits.max_speakers) if n + 1 not in numbers.values()]
    speakers = {}
    for label, segment in firsts.items():
        number = numbers.get(label) or (free.pop(0) if free else limits.max_speakers + 1)
        check_speaker(number, segment.label or "", segment.line, limits)
        speakers[label] = f"S{number}"
    return speakers, notes


def check_speaker(number: int, label: str, line: int, limits: LimitsConfig) -> None:
    """Refuse a speaker beyond the last one.

    Raises:
        ScriptError: naming the speaker and the line.
    """
    if number > limits.max_speakers:
        raise ScriptError(
            f"{label!r} would be speaker {number}; a script has at most "
            f"{limits.max_speakers}, S1 to S{limits.max_speakers}",
            line=line,
        )


def check_script_length(n_characters: int, limits: LimitsConfig) -> None:
    """Refuse a script of too many characters.

    Raises:
        ScriptError: telling how many are accepted.
    """
    if n_characters > limits.max_script_characters:
        raise ScriptError(
            f"the script has {n_characters} characters, at most {limits.max_script_characters} are "
            "accepted; make several dialogues of it"
        )


def turns_to_script(turns: Iterable[Turn]) -> str:
    """Write turns in the canonical form, one a line, which `script_to_turns` reads back the same.

    Args:
        turns: as parsed; their `line` is not kept, the n-th one gets line n.

    Returns:
        Lines such as `[S2 pace=0.9 gap=-0.2] I live in {Worcester|wuster}. {pause 0.5} You?`.
    """
    return "".join(_turn_to_line(turn) + "\n" for turn in turns)


def _read_text(script: str) -> tuple[list[Segment], list[Note]]:
    if not _JSON_LIST.match(script):
        plain, numbers = blank_controls(script)
        segments, notes = read_segments(plain)
        return segments, [*map(_control_note, numbers), *notes]
    try:
        value = json.loads(script)
    except json.JSONDecodeError as error:
        raise ScriptError(
            f"this looks like JSON but is not: {error.msg}", line=error.lineno
        ) from error
    except (RecursionError, ValueError) as error:
        raise ScriptError(
            "this JSON is nested too deep, or has a number too long to read; write a list: "
            '[{"speaker": "S1", "text": "Hello."}]'
        ) from error
    if not isinstance(value, list):
        raise ScriptError('JSON must be a list: [{"speaker": "S1", "text": "Hello."}]')
    return _read_records(value)


def _read_records(records: Sequence[object]) -> tuple[list[Segment], list[Note]]:
    segments: list[Segment] = []
    notes: list[Note] = []
    for number, record in enumerate(records, start=1):
        segment, controls = _read_record(number, record)
        segments.append(segment)
        notes += [_control_note(number)] * controls
    if segments and all(not segment.label for segment in segments):
        return read_segments("\n".join(segment.text for segment in segments))
    for segment in segments:
        if not segment.label:
            raise ScriptError('this item names no speaker; give it "speaker"', line=segment.line)
    return segments, notes


def _control_note(line: int) -> Note:
    return Note(kind="control character", line=line)


def _read_record(number: int, record: object) -> tuple[Segment, bool]:
    """The segment, and whether there were control characters in it."""
    if not isinstance(record, Mapping):
        raise ScriptError(
            f'expected {{"speaker": ..., "text": ...}}, got {type(record).__name__}', line=number
        )
    speaker, text = record.get("speaker", ""), record.get("text")
    if not isinstance(speaker, str | int) or not isinstance(text, str):
        raise ScriptError('"speaker" and "text" must both be there, as words', line=number)
    text, controls = blank_controls(text)
    options = [f"{key}={value}" for key, value in record.items() if key not in ("speaker", "text")]
    label = f"S{speaker}" if isinstance(speaker, int) else blank_controls(speaker)[0].strip()
    segment = Segment(
        line=number, label=label, options=" ".join(options), text=shield_escapes(text)
    )
    return segment, bool(controls)


def _names(drafts: Sequence[Draft], speakers: Mapping[str, str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for draft in drafts:
        speaker = speakers[draft.label.casefold()]
        names.setdefault(
            speaker, speaker if NUMBERED.fullmatch(draft.label) else unshield(draft.label)
        )
    return dict(sorted(names.items()))


def _join(segments: Sequence[Segment]) -> list[Draft]:
    """A segment without a label continues the turn above it."""
    drafts: list[Draft] = []
    for segment in segments:
        if segment.label is not None:
            drafts.append(Draft(segment.label, segment.options, segment.line, segment.asides))
        drafts[-1].parts.append((segment.line, segment.text))
    return drafts


def _find_silent(turns: Sequence[Turn], most: int) -> list[bool]:
    """In which turns nobody speaks; in none of them if that is so in all."""
    silent = [
        len(turn.text) <= most
        and not any(map(str.isalpha, turn.text))
        and not is_speakable(turn.spoken_text)
        for turn in turns
    ]
    return [False] * len(turns) if all(silent) else silent


def _keep_silence(turns: list[Turn], silent: Turn) -> Note:
    """Let the turn before wait as long as a silent one may last, and tell so."""
    asked_s = sum(seconds for _, seconds in silent.pauses) + max(silent.gap_s or 0.0, 0.0)
    seconds = asked_s or LONG_PAUSE_S
    shown = unshield(silent.speaker)
    if not turns:
        return Note(kind="silent first", line=silent.line, values=(shown,))
    pause = (len(turns[-1].spoken_text), seconds)
    turns[-1] = replace(turns[-1], pauses=(*turns[-1].pauses, pause))
    return Note(kind="silent", line=silent.line, values=(shown, f"{seconds:g}"))


def _turn_to_line(turn: Turn) -> str:
    options = "" if turn.pace == 1.0 else f" pace={turn.pace!r}"
    options += "" if turn.gap_s is None else f" gap={turn.gap_s!r}"
    return f"[{turn.speaker}{options}] {write_marks(turn)}"
