"""Files → script text: plain text, Markdown, SRT and WebVTT captions, JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from pipeline.config.limits import LimitsConfig
from pipeline.errors import ScriptError
from pipeline.script_editing.markdown import read_markdown
from pipeline.script_editing.subtitles import (
    Speech,
    find_speakers,
    join_speeches,
    one_line,
    read_cues,
)
from pipeline.script_editing.write import can_be_written, lines_to_text
from pipeline.script_to_turns.parse import script_to_turns
from pipeline.script_to_turns.speaker_markers import escape

IMPORTED_FILES = (".txt", ".md", ".srt", ".vtt", ".json")
"""The names of files that can be imported end like this."""

_MAX_BYTES_PER_CHARACTER = 4
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "",
    b"\x00\x00\xfe\xff": "",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_LISTS = ("turns", "dialogue", "segments")
_SPEAKER_KEYS = ("speaker", "name", "role")
_WORDS_KEYS = ("text", "content")
_TIME_KEYS = ("start_s", "end_s", "start", "end")
_OPTION_KEYS = ("pace", "gap")
_MANY = 100
"""More names than this are left as they are: a script with so many is refused anyway."""
_SHAPE = '[{"speaker": "Anna", "text": "Hello."}]'
_NUMBERED = re.compile(r"(?:S|Speaker|Person)\s*\d+", re.IGNORECASE)
_NO_NAME_CHARACTER = re.compile(r"[^\w .'’-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedScript:
    """The script found in a file.

    Attributes:
        text: the script, to be shown and changed.
        notes: what was guessed or left out, for a person to read.
        error: why `text` cannot be spoken as it is, with its line; `None` if it can.
    """

    text: str
    notes: tuple[str, ...] = ()
    error: ScriptError | None = None


def import_script(name: str, data: bytes, limits: LimitsConfig | None = None) -> ImportedScript:
    """Read a script out of a file.

    Args:
        name: of the file; what is in it is known by how its name ends.
        data: its bytes, UTF-8, or UTF-16 with a byte order mark.
        limits: what is accepted; `None`: the usual.

    Returns:
        The script, notes, and the parser's error if a person has to mend it first.

    Raises:
        ScriptError: if the file is of another kind, too large, not text, or no script is in it.
    """
    limits = limits or LimitsConfig()
    ending = PurePath(name).suffix.lower()
    shown = name if len(name) <= 60 else f"…{name[-59:]}"
    if ending not in IMPORTED_FILES:
        raise ScriptError(
            f"{shown!r} cannot be read as a script; files that end in {', '.join(IMPORTED_FILES)} "
            "can"
        )
    source = _to_text(shown, data, limits)
    notes: list[str] = []
    if ending == ".txt":
        text = source
    elif ending == ".md":
        text, notes = read_markdown(source)
    elif ending == ".json":
        text, notes = _read_json(source)
    else:
        speeches, notes = read_cues(source, vtt=ending == ".vtt")
        speeches, more = find_speakers(speeches)
        joined = join_speeches(speeches, limits.max_turn_characters)
        text, names = _write([(s.speaker, escape(s.words)) for s in joined])
        notes += more + names
    return ImportedScript(text=text, notes=tuple(notes), error=_error(shown, text, limits))


def _to_text(name: str, data: bytes, limits: LimitsConfig) -> str:
    most = limits.max_script_characters * _MAX_BYTES_PER_CHARACTER
    if len(data) > most:
        raise ScriptError(
            f"{name!r} has {len(data)} bytes, at most {most} are read; make several files of it"
        )
    marks = (coding for mark, coding in _BYTE_ORDER_MARKS.items() if data.startswith(mark))
    encoding = next(marks, "utf-8")
    try:
        if not encoding:
            raise UnicodeError("UTF-32")
        return data.decode(encoding)
    except UnicodeError as error:
        where = f" (byte {error.start + 1})" if isinstance(error, UnicodeDecodeError) else ""
        raise ScriptError(
            f"{name!r} is not text in UTF-8{where}; save it as UTF-8 in a text editor"
        ) from error


def _error(name: str, text: str, limits: LimitsConfig) -> ScriptError | None:
    if len(text) > limits.max_script_characters:
        raise ScriptError(
            f"the script in {name!r} has {len(text)} characters, at most "
            f"{limits.max_script_characters} are accepted; make several files of it"
        )
    try:
        script_to_turns(text, limits)
    except ScriptError as error:
        return error
    return None


def _read_json(source: str) -> tuple[str, list[str]]:
    try:
        value = json.loads(source)
    except json.JSONDecodeError as error:
        raise ScriptError(f"this is not JSON: {error.msg}", line=error.lineno) from error
    except (RecursionError, ValueError) as error:
        raise ScriptError(
            "this JSON is nested too deep, or has a number too long to read; what works is a "
            f"list such as {_SHAPE}"
        ) from error
    if isinstance(value, Mapping):
        if isinstance(value.get("script"), str):
            return value["script"], []
        value = next((value[key] for key in _LISTS if isinstance(value.get(key), list)), None)
    if not isinstance(value, list) or not value:
        raise ScriptError(
            f"no script is in this JSON; what works is a list such as {_SHAPE}, or an object with "
            'such a list as "turns", "dialogue" or "segments", or with the text as "script"'
        )
    rows = [_read_row(number, row) for number, row in enumerate(value, start=1)]
    notes = _notes_on_keys(value)
    if not any(speech.speaker or timed for speech, timed in rows):
        return "".join(f"{speech.words}\n" for speech, _ in rows), notes
    speeches, more = find_speakers([speech for speech, _ in rows])
    text, names = _write(
        [
            (speech.speaker, _options(row) + (escape(speech.words) if timed else speech.words))
            for speech, row, (_, timed) in zip(speeches, value, rows, strict=True)
        ]
    )
    return text, notes + more + names


def _read_row(number: int, row: object) -> tuple[Speech, bool]:
    """What is said, and whether it is a caption: those have times, and no marks in their words."""
    if not isinstance(row, Mapping):
        raise ScriptError(f"item {number} is no object; what works is a list such as {_SHAPE}")
    speaker = next((row[key] for key in _SPEAKER_KEYS if row.get(key) is not None), "")
    words = next((row[key] for key in _WORDS_KEYS if key in row), None)
    if not isinstance(words, str) or isinstance(speaker, bool):
        raise ScriptError(f'item {number} has no words as "text"; what works is {_SHAPE}')
    if not isinstance(speaker, str | int):
        raise ScriptError(f'item {number} names no "speaker" in words; what works is {_SHAPE}')
    label = f"S{speaker}" if isinstance(speaker, int) else one_line(speaker)
    timed = any(key in row for key in _TIME_KEYS)
    return Speech(speaker=label, words=one_line(words) if label or timed else words), timed


def _options(row: Mapping[str, object]) -> str:
    given = [(key, row[key]) for key in _OPTION_KEYS if row.get(key) is not None]
    return "".join(f"{{{key} {one_line(str(value))}}} " for key, value in given)


def _notes_on_keys(rows: Sequence[Mapping[str, object]]) -> list[str]:
    keys = dict.fromkeys(key for row in rows for key in row)
    read = {*_SPEAKER_KEYS, *_WORDS_KEYS, *_OPTION_KEYS, "turn"}
    notes = ["the times of the captions are not taken over"] * any(
        key in _TIME_KEYS for key in keys
    )
    others = [key for key in keys if key not in read and key not in _TIME_KEYS]
    if others:
        more = ", …" if len(others) > 8 else ""
        shown = ", ".join(repr(key[:30]) for key in others[:8])
        notes.append(f"left out of the items: {shown}{more}")
    return notes


def _write(pairs: Sequence[tuple[str, str]]) -> tuple[str, list[str]]:
    """One line for each (speaker, text), with names as near to those in the file as can be."""
    names = list(dict.fromkeys(speaker for speaker, _ in pairs))
    written = {name: _writable(name) if len(names) <= _MANY else name for name in names}
    if len({name.casefold() for name in written.values()}) < len({n.casefold() for n in names}):
        written = {name: name for name in names}
    text = lines_to_text([{"speaker": written[name], "text": words} for name, words in pairs])
    real = [name for name in names if not _NUMBERED.fullmatch(name)]
    if real and not can_be_written(written.values()):
        shown = ", ".join(repr(name[:40]) for name in real[:8])
        return text, [f"names that cannot stand before a colon became numbers: {shown}"]
    changed = [name for name in names if written[name] != name]
    return text, [f"the name {name[:80]!r} is written {written[name]!r}" for name in changed[:8]]


def _writable(name: str) -> str:
    """A name, or the nearest to it that can stand before a colon."""
    if _NUMBERED.fullmatch(name) or can_be_written([name]):
        return name
    words = _NO_NAME_CHARACTER.sub(" ", name).split()
    nearest = " ".join(word[:1].upper() + word[1:] for word in words)[:40].strip(" .'’-_")
    return nearest if nearest and can_be_written([nearest]) else name
