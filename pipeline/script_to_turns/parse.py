"""Stage 1 of 6: script → turns.

Reads every usual way to mark speakers (`speaker_markers.py`), per-turn options such as
`[S2 pace=0.9 gap=-0.2]` or `Anna: {pace 0.9} {gap -0.2} Hello.`, and marks inside a turn
(`inline_marks.py`). A backslash makes a bracket, brace or bar a plain character. What cannot be
read is refused with its line; what was guessed stands in the notes.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Script, Turn
from pipeline.errors import ScriptError
from pipeline.normalisation.normalise import is_speakable, unspeakable_characters
from pipeline.script_to_turns.inline_marks import (
    Words,
    check_said,
    read_marks,
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
_STAGE_DIRECTION = re.compile(r"\[[^\]]*\]|<[^>]*>|\*[^*]+\*")
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
        refuse_control_characters(script)
        segments, notes = _read_text(script)
    else:
        check_script_length(sum(len(str(item)) for item in script), limits)
        segments, notes = _read_records(script)
    if not segments:
        raise ScriptError(f"the script is empty; {_EXAMPLE}")
    speakers, speaker_notes = assign_speakers(segments, limits)
    drafts = _join(segments)
    turns = tuple(_build_turn(draft, speakers, limits) for draft in drafts)
    notes += speaker_notes + [note for turn in turns for note in _notes_on(turn)]
    return Script(turns=turns, speaker_names=_names(drafts, speakers), notes=tuple(notes))


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
    edited = reword_turn(turn, text, limits)
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
    return edited, tuple(_notes_on(edited))


def reword_turn(turn: Turn, text: str, limits: LimitsConfig) -> Turn:
    """The turn with other words; its pace and gap stay where the words mark no others.

    Args:
        turn: as parsed; its speaker and line stay.
        text: as typed after a marker, inline marks included.
        limits: what is accepted.

    Raises:
        ScriptError: if it cannot be read or spoken, with the turn's line and what would work.
    """
    refuse_control_characters(text, line=turn.line)
    words = [(turn.line, shield_escapes(text))]
    draft = _Draft(label=turn.speaker, options="", line=turn.line, parts=words)
    return _build_turn(draft, {turn.speaker.casefold(): turn.speaker}, limits, turn)


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
    _check_words(turn, limits)


def turns_to_script(turns: Iterable[Turn]) -> str:
    """Write turns in the canonical form, one a line, which `script_to_turns` reads back the same.

    Args:
        turns: as parsed; their `line` is not kept, the n-th one gets line n.

    Returns:
        Lines such as `[S2 pace=0.9 gap=-0.2] I live in {Worcester|wuster}. {pause 0.5} You?`.
    """
    return "".join(_turn_to_line(turn) + "\n" for turn in turns)


@dataclass(slots=True)
class _Draft:
    """A turn while its lines are gathered."""

    label: str
    options: str
    line: int
    parts: list[tuple[int, str]] = field(default_factory=list)


def _read_text(script: str) -> tuple[list[Segment], list[Note]]:
    if not _JSON_LIST.match(script):
        return read_segments(script)
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
    segments = [_read_record(number, record) for number, record in enumerate(records, start=1)]
    if segments and all(not segment.label for segment in segments):
        return read_segments("\n".join(segment.text for segment in segments))
    for segment in segments:
        if not segment.label:
            raise ScriptError('this item names no speaker; give it "speaker"', line=segment.line)
    return segments, []


def _read_record(number: int, record: object) -> Segment:
    if not isinstance(record, Mapping):
        raise ScriptError(
            f'expected {{"speaker": ..., "text": ...}}, got {type(record).__name__}', line=number
        )
    speaker, text = record.get("speaker", ""), record.get("text")
    if not isinstance(speaker, str | int) or not isinstance(text, str):
        raise ScriptError('"speaker" and "text" must both be there, as words', line=number)
    refuse_control_characters(f"{speaker}", line=number)
    refuse_control_characters(text, line=number)
    options = [f"{key}={value}" for key, value in record.items() if key not in ("speaker", "text")]
    label = f"S{speaker}" if isinstance(speaker, int) else speaker.strip()
    return Segment(line=number, label=label, options=" ".join(options), text=shield_escapes(text))


def _names(drafts: Sequence[_Draft], speakers: Mapping[str, str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for draft in drafts:
        speaker = speakers[draft.label.casefold()]
        names.setdefault(
            speaker, speaker if NUMBERED.fullmatch(draft.label) else unshield(draft.label)
        )
    return dict(sorted(names.items()))


def _join(segments: Sequence[Segment]) -> list[_Draft]:
    """A segment without a label continues the turn above it."""
    drafts: list[_Draft] = []
    for segment in segments:
        if segment.label is not None:
            drafts.append(_Draft(segment.label, segment.options, segment.line))
        drafts[-1].parts.append((segment.line, segment.text))
    return drafts


def _build_turn(
    draft: _Draft, speakers: Mapping[str, str], limits: LimitsConfig, before: Turn | None = None
) -> Turn:
    """The turn of a draft; without options of its own it has those of `before`."""
    words = Words()
    for line, text in draft.parts:
        read_marks(text, line, words, limits)
    options = _read_options(draft.options, words.options, draft.line, limits)
    turn = Turn(
        speaker=speakers[draft.label.casefold()],
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
    _check_words(turn, limits)
    return turn


def _check_words(turn: Turn, limits: LimitsConfig) -> None:
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


def _notes_on(turn: Turn) -> list[Note]:
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


def _turn_to_line(turn: Turn) -> str:
    options = "" if turn.pace == 1.0 else f" pace={turn.pace!r}"
    options += "" if turn.gap_s is None else f" gap={turn.gap_s!r}"
    return f"[{turn.speaker}{options}] {write_marks(turn)}"
