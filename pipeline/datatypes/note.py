"""What is worth knowing of a dialogue, as a value; its words are made where it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

NoteKind = Literal[
    "no marker",
    "several markers",
    "numbered from 0",
    "read aloud",
    "name heard once",
    "joined",
    "left out",
    "direction",
    "direction left out",
    "aside left out",
    "pause read",
    "cut",
    "control character",
    "silent first",
    "silent",
    "unlike its voice",
    "like another voice",
    "too loud",
    "retake chosen",
    "retakes in vain",
    "voice chosen",
    "voice made up",
    "kept",
    "other weights",
    "no gpu",
    "of a line",
    "other",
]

_WORDS: Mapping[NoteKind, str] = {
    "no marker": "no speaker is marked: all of it is spoken by S1",
    "several markers": "speakers are marked in several ways: {}",
    "numbered from 0": "speakers are numbered from 0 here: speaker 0 is S1, speaker 1 is S2",
    "read aloud": "line {line}: {} is spoken as words, since speakers are marked as {}",
    "name heard once": "line {line}: read {} as the name of a speaker",
    "joined": "line {line} is too long to be given its voice in one go and was joined of {} parts",
    "left out": "line {line}: left out {}, which cannot be spoken",
    "direction": "line {line}: {} is spoken as words; delete it if it is a direction",
    "direction left out": "line {line}: left out {}, a direction",
    "aside left out": "line {line}: left out {}",
    "pause read": "line {line}: read {} as a pause of {} s",
    "cut": "line {line}: a long turn, spoken as {}",
    "control character": "line {line}: a control character counts as a blank",
    "silent first": "line {line}: {} has nothing to say here, and is left out",
    "silent": "line {line}: {} has nothing to say here; a pause of {} s",
    "unlike its voice": "line {line} does not sound much like its voice {} (likeness {})",
    "like another voice": "line {line} sounds more like {} ({}) than like its voice {} "
    "(likeness {})",
    "too loud": "line {line}: the voices heard at once there were together louder than full scale, "
    "and were limited to it",
    "retake chosen": "line {line} was spoken again {}: its likeness to its voice rose from {} "
    "to {}",
    "retakes in vain": "line {line} was spoken again {}: no take was more like its voice than the "
    "first ({})",
    "voice chosen": "{} was given no voice and speaks as {}",
    "voice made up": "{} was given no voice and there is none built in; one was made up",
    "kept": "kept as they were: {}; spoken anew: {}",
    "other weights": "this dialogue was made with other weights than those in use; what is made "
    "anew may sound different",
    "no gpu": "no GPU was to be had ({}); what was missing was made on the CPU",
    "of a line": "line {line}: {}",
    "other": "{}",
}
"""What a person reads; the values stand where the empty braces are, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something worth knowing; `str` gives its words.

    Attributes:
        kind: what it tells.
        line: of the turn it is about, as in `Turn.line`; `None`: of no single turn.
        values: what its words are filled with.
    """

    kind: NoteKind
    line: int | None = None
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The words, for a person."""
        return _WORDS[self.kind].format(*self.values, line=self.line)

    def at_line(self, line: int) -> "Note":
        """The same of a turn that now stands in another line."""
        return self if self.line is None else replace(self, line=line)


def note_of_words(words: str) -> Note:
    """The note that a file keeps as words: of the first kind that says exactly these."""
    for kind, template in _WORDS.items():
        values = _filled(template.replace("{line}", "{}"), words)
        line = None
        if values and "{line}" in template:
            number, *values = values
            line = int(number) if number.isdecimal() and len(number) < 10 else None
        if values is not None:
            note = Note(kind=kind, line=line, values=tuple(values))
            if str(note) == words:
                return note
    raise AssertionError("any words fit the last kind")


def _filled(template: str, words: str) -> list[str] | None:
    """What stands in the empty braces of a template to make the words; `None`: nothing does."""
    head, *parts = template.split("{}")
    if not words.startswith(head):
        return None
    values, at = [], len(head)
    for number, part in enumerate(parts, start=1):
        is_last = number == len(parts) and words.endswith(part)
        end = len(words) - len(part) if is_last else words.find(part, at)
        if end < at:
            return None
        values.append(words[at:end])
        at = end + len(part)
    return values
