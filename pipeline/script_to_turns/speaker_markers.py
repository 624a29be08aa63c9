"""Script text → labelled lines: finds who speaks, in whichever usual notation a script uses.

Certain markers (`[S1]`, `(S1)`, `Speaker 1:`, `<Person1>`) always count. Uncertain ones (`Name:`,
`{Name}`, `[Name]`, bars) count only in a script without certain ones, and only one kind of them:
what a script means by a colon or a bar is decided for the script as a whole.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.datatypes.note import Note
from pipeline.errors import ScriptError

_ESCAPE_BASE = 0xE000
_ESCAPABLE = r"\[](){}<>|:"
_PRINTED_ESCAPES = re.compile(
    r"[\\{}|]|\[(?=\s*(?:S|Speaker|Person)\s*\d)|<(?=/?Person)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Part of a line that one speaker says.

    Attributes:
        line: 1-based line of the script, or item of a list.
        label: who speaks, as written; `None` continues the segment above.
        options: what stood beside the label, such as "pace=0.9 gap=-0.2".
        text: the words, inline marks included.
        asides: what stood beside the label and is not said, such as "(laughing)".
    """

    line: int
    label: str | None
    options: str = ""
    text: str = ""
    asides: tuple[str, ...] = ()


Lines = Sequence[tuple[int, str]]
"""(1-based number, text) of each line that is not blank."""

_BRACKET = re.compile(r"\[((?:S|Speaker\s*|Person\s*)\d+):?(\s[^\]]{0,200})?\]:?", re.IGNORECASE)
_PERSON_TAG = re.compile(r"<(Person\s*\d+)>()", re.IGNORECASE)
_PERSON_END = re.compile(r"</Person\s*\d+>", re.IGNORECASE)
_PARENTHESIS = re.compile(r"^\s*\((S\d+|Speaker\s*\d+)(\s[^)]*)?\):?", re.IGNORECASE)
_COLON = "[:：﹕︰꞉∶]"
_TIME = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?"
_MARK = rf"(?:[\[(]\s*{_TIME}\s*[\])]|{_TIME}|\d{{1,4}}[.)]|[-–—•·*](?=\s))"
_BEFORE_LABEL = rf"^\s*(?:{_MARK}\s*[-–—]?\s*+){{0,3}}+"
"""A time, the number or the mark of an item of a list: it stands before a label and tells nothing
of who speaks."""
_ASIDES = r"((?:\s*+(?:\([^()\n]{1,60}\)|\[[^\[\]\n]{0,60}\])){0,3}+)"
"""Options beside a label, or how, where and as whom a speaker speaks."""
_OPENS_WORDS = r"(?=\s|$|[^\W\d_]|[\"'“‘«¿¡{(\[*…])"
"""What may follow the colon of a label: a blank, or words at once."""
_SPEAKER = re.compile(
    rf"{_BEFORE_LABEL}\**((?:S|Speaker|Person)\s*\d+){_ASIDES}\s*+\**\s*+{_COLON}\**{_OPENS_WORDS}",
    re.IGNORECASE,
)
_CERTAIN = {
    "[S1]": _BRACKET,
    "(S1)": _PARENTHESIS,
    "Speaker 1:": _SPEAKER,
    "<Person1>": _PERSON_TAG,
}
NUMBERED = re.compile(r"(?:S|Speaker|Person)\s*(\d+)", re.IGNORECASE)
"""A label that is a number, not a name."""
_UNCLOSED = re.compile(
    r"^\s*(?:\[(?:S|Speaker\s*)\d+\b[^\]]*|\(S\d+\b[^)]*|<Person\s*\d+\b[^>]*)$", re.IGNORECASE
)

_NAME_PART = r"([^\W_][\w .'’-]{0,39}?)"
_NAME = re.compile(rf"{_BEFORE_LABEL}\**{_NAME_PART}{_ASIDES}\s*+\**\s*+{_COLON}\**{_OPENS_WORDS}")
_BRACE_NAME = re.compile(
    rf"^\s*\{{(?!pause\b|(?:pace|gap)\s){_NAME_PART}()\}}:?(?=\s|$)", re.IGNORECASE
)
_BRACKET_NAME = re.compile(
    rf"^\s*\[(?!(?:pause|break|beat)\b){_NAME_PART}(\s[^\]=]*=[^\]]*)?\]:?(?=\s|$)"
)
_NAME_WORD = r"(?:[^\W\d_a-z][\w.'’-]{0,19})"
_NAME_ALONE = re.compile(
    rf"{_BEFORE_LABEL}\**({_NAME_WORD}(?:\s{_NAME_WORD}){{0,2}}?){_ASIDES}\s*+\**"
    rf"(?:\s*[-–—]?\s*[\[(]?{_TIME}[\])]?)?\s*$"
)
_UNCERTAIN = {"Name:": _NAME, "{Name}": _BRACE_NAME, "[Name]": _BRACKET_NAME}
_BAR = re.compile(r"\|(?![^{}]{0,1000}\})")
_COLON_LINE = re.compile(r"^\s*[^.?!:{}]{1,40}[:：]\s")
_ASIDE = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_LIST_MARK = re.compile(rf"{_BEFORE_LABEL}$")


def read_segments(script: str) -> tuple[list[Segment], list[Note]]:
    """Split a script into labelled segments.

    Args:
        script: the typed text, without control characters.

    Returns:
        The segments in order, the first one labelled, and notes on what was guessed.

    Raises:
        ScriptError: for a marker that is not closed, or text before the first marker.
    """
    shielded = shield_escapes(
        script.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    )
    numbered = enumerate(shielded.split("\n"), start=1)
    lines = [(number, line) for number, line in numbered if line.strip()]
    for number, line in lines:
        _check_closed(number, line)
    kinds = [
        kind for kind, marker in _CERTAIN.items() if any(marker.search(line) for _, line in lines)
    ]
    if kinds:
        segments, notes = _read_certain(lines, kinds)
    else:
        segments, notes = _read_uncertain(lines)
    if segments and segments[0].label is None:
        raise ScriptError(
            f"{_shown(segments[0].text)} stands before the first speaker; begin it with a speaker, "
            "as in '[S1] Hello.' or 'Anna: Hello.', written as in the rest of the script",
            line=segments[0].line,
        )
    return segments, notes


def split_name(line: str, kind: str = "Name:") -> tuple[str, str] | None:
    """The name a line begins with and the words after it; `None` without a name.

    Args:
        line: of a script, or of captions.
        kind: how names are marked: "Name:" or "[Name]".
    """
    match = _match_name(_UNCERTAIN[kind], line)
    return (match[1].strip(), line[match.end() :].strip()) if match else None


def refuse_control_characters(text: str, line: int | None = None) -> None:
    """Refuse characters that have no place in a script; tabs and line ends do.

    Args:
        text: what was typed.
        line: its line, where the text is one item of a list; otherwise lines are counted.

    Raises:
        ScriptError: naming the first such character and where it is.
    """
    for position, character in enumerate(text):
        if character in "\t\n\r" or unicodedata.category(character) not in ("Cc", "Cs", "Co"):
            continue
        before = text[:position]
        column = position - before.rfind("\n")
        name = unicodedata.name(character, "control character")
        raise ScriptError(
            f"character {column} is U+{ord(character):04X} ({name.lower()}), which cannot be "
            "spoken; delete it",
            line=line or before.count("\n") + 1,
        )


def shield_escapes(text: str) -> str:
    """Hide each character after a backslash, such as a brace, until `unshield`."""
    return re.sub(rf"\\([{re.escape(_ESCAPABLE)}])", lambda m: chr(_ESCAPE_BASE + ord(m[1])), text)


def unshield(text: str) -> str:
    """The characters that `shield_escapes` hid, without their backslashes."""
    return "".join(
        chr(ord(character) - _ESCAPE_BASE)
        if _ESCAPE_BASE <= ord(character) < _ESCAPE_BASE + 128
        else character
        for character in text
    )


def escape(text: str) -> str:
    """Text with backslashes where a brace, bar or bracket would be read as a mark."""
    return _PRINTED_ESCAPES.sub(lambda m: "\\" + m[0], text)


def _check_closed(number: int, line: str) -> None:
    if _UNCLOSED.match(line):
        raise ScriptError(
            f"{_shown(line)}: this marker is not closed; write it as in [S1] or [S2 pace=0.9]",
            line=number,
        )


def _read_certain(lines: Lines, kinds: list[str]) -> tuple[list[Segment], list[Note]]:
    several = Note(kind="several markers", values=(", ".join(kinds),))
    notes = [several] if len(kinds) > 1 else []
    segments: list[Segment] = []
    for number, line in lines:
        found = _split_line(number, _PERSON_END.sub(" ", line))
        if found[0].label is None and _COLON_LINE.match(line):
            notes.append(_read_aloud_note(number, line, kinds[0]))
        segments += found
    return segments, notes


def _split_line(number: int, line: str) -> list[Segment]:
    """Segments of one line: `[S1] Hi. [S2] Hello.` has two."""
    found = sorted(
        (match for marker in _CERTAIN.values() for match in marker.finditer(line)),
        key=lambda m: m.start(),
    )
    ends = [*(match.start() for match in found), len(line)]
    before = line[: ends[0]]
    if found and _LIST_MARK.match(before):
        before = ""
    segments = [Segment(line=number, label=None, text=before)] if before.strip() else []
    for match, end in zip(found, ends[1:], strict=True):
        text = line[match.end() : end]
        segments.append(_labelled(number, match, text))
    return segments or [Segment(line=number, label=None, text=line)]


def _read_uncertain(lines: Lines) -> tuple[list[Segment], list[Note]]:
    for kind, marker in _UNCERTAIN.items():
        matches = [_match_name(marker, line) for _, line in lines]
        n_found = sum(match is not None for match in matches)
        if n_found > 1 or (n_found and matches[0]):
            return _read_names(lines, matches, kind)
    if any(_BAR.search(line) for _, line in lines):
        return _read_bars(lines), []
    if segments := _read_names_alone(lines):
        return segments, []
    segments = [Segment(line=number, label=None, text=line) for number, line in lines]
    first = [Segment(line=lines[0][0], label="S1")] if lines else []
    return first + segments, [Note(kind="no marker")]


def _match_name(marker: re.Pattern[str], line: str) -> re.Match[str] | None:
    match = marker.match(line)
    if match is None:
        return None
    words = match[1].split()
    capitalised = not words[0][0].islower() and not words[-1][0].islower()
    return match if len(words) == 1 or capitalised else None


def _read_names(
    lines: Lines, matches: Sequence[re.Match[str] | None], kind: str
) -> tuple[list[Segment], list[Note]]:
    segments: list[Segment] = []
    notes: list[Note] = []
    for (number, line), match in zip(lines, matches, strict=True):
        if match is None:
            if _COLON_LINE.match(line):
                notes.append(_read_aloud_note(number, line, kind))
            segments.append(Segment(line=number, label=None, text=line))
        else:
            segments.append(_labelled(number, match, line[match.end() :]))
    return segments, notes + _notes_on_single_names(segments)


def _read_names_alone(lines: Lines) -> list[Segment]:
    """Paragraphs that begin with a name on a line of its own; none unless all do."""
    paragraphs: list[list[tuple[int, str]]] = []
    for number, line in lines:
        if paragraphs and paragraphs[-1][-1][0] == number - 1:
            paragraphs[-1].append((number, line))
        else:
            paragraphs.append([(number, line)])
    names = [_NAME_ALONE.match(paragraph[0][1]) for paragraph in paragraphs]
    if len(names) < 2 or any(len(paragraph) < 2 for paragraph in paragraphs):
        return []
    segments: list[Segment] = []
    for (first, *others), match in zip(paragraphs, names, strict=True):
        if match is None:
            return []
        segments.append(_labelled(first[0], match, ""))
        segments += [Segment(line=number, label=None, text=line) for number, line in others]
    return segments


def _notes_on_single_names(segments: Sequence[Segment]) -> list[Note]:
    """A name that speaks once may be no name, as in `Note: remember the milk`."""
    counts = Counter(segment.label.casefold() for segment in segments if segment.label)
    return [
        Note(kind="name heard once", line=segment.line, values=(_shown(segment.label),))
        for segment in segments
        if segment.label and counts[segment.label.casefold()] == 1 and len(counts) != 2
    ]


def _read_bars(lines: Lines) -> list[Segment]:
    """Each bar hands over to the other of two speakers."""
    segments = [Segment(line=lines[0][0], label="S1")]
    n_bars, has_words = 0, False
    for number, line in lines:
        first, *others = _BAR.split(line)
        if first.strip():
            segments.append(Segment(line=number, label=None, text=first))
        has_words = has_words or bool(first.strip())
        for text in others:
            if has_words:
                n_bars += 1
                segments.append(Segment(line=number, label=f"S{n_bars % 2 + 1}", text=text))
            else:
                segments.append(Segment(line=number, label=None, text=text))
                has_words = bool(text)
    if not segments[-1].text.strip() and len(segments) > 1:
        segments.pop()
    return segments


def _labelled(number: int, match: re.Match[str], text: str) -> Segment:
    options, asides = _split_asides(match[2] or "")
    return Segment(
        line=number, label=match[1].strip(), options=options, text=text, asides=tuple(asides)
    )


def _split_asides(beside: str) -> tuple[str, list[str]]:
    """Options such as "pace=0.9", and all else that stands beside a label in brackets."""
    options, asides = [], []
    found = list(_ASIDE.finditer(beside))
    for match in found:
        if match[2] is not None and ("=" in match[2] or not match[2].strip()):
            options.append(match[2])
        else:
            asides.append(match[0])
    return (" ".join(options) if found else beside).strip(), asides


def _read_aloud_note(number: int, line: str, kind: str) -> Note:
    start = re.split("[:：]", line, maxsplit=1)[0].strip() + ":"
    return Note(kind="read aloud", line=number, values=(_shown(start), kind))


def _shown(text: str) -> str:
    """A short quotation for a message."""
    words = " ".join(unshield(text).split())
    return repr(words if len(words) <= 40 else words[:39] + "…")
