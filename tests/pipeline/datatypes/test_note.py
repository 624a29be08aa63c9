"""Notes as values: their words, and what a file gives back."""

import pytest

from pipeline.datatypes.note import Note, note_of_words

NOTES = [
    Note(kind="no marker"),
    Note(kind="several markers", values=("[S1], S1:",)),
    Note(kind="numbered from 0"),
    Note(kind="read aloud", line=3, values=("'Note:'", "[S1]")),
    Note(kind="name heard once", line=3, values=("'Note'",)),
    Note(kind="joined", line=3, values=("2",)),
    Note(kind="left out", line=3, values=("emoji",)),
    Note(kind="direction", line=3, values=("'[laughs]'",)),
    Note(kind="unlike its voice", line=3, values=("'ada'", "0.20")),
    Note(kind="like another voice", line=3, values=("'ben'", "0.90", "'ada (old)'", "0.20")),
    Note(kind="too loud", line=3),
    Note(kind="retake chosen", line=3, values=("3 times", "-0.10", "0.70")),
    Note(kind="retakes in vain", line=3, values=("once", "0.30")),
    Note(kind="voice chosen", values=("S1", "'ada'")),
    Note(kind="voice made up", values=("S1",)),
    Note(kind="kept", values=("turn 1", "turns 2-4, 6")),
    Note(kind="other weights"),
    Note(kind="no gpu", values=("none is free",)),
    Note(kind="of a line", line=123456789, values=("it is {odd}",)),
    Note(kind="other", values=("one {} of two {line}",)),
    Note(kind="other", values=("",)),
]


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.kind)
def test_a_note_comes_back_of_its_words(note: Note) -> None:
    assert note_of_words(str(note)) == note


@pytest.mark.parametrize(
    "words",
    [
        "line x: y",
        "line 03: y",
        "line \u0663: y",
        "line " + "9" * 5000 + ": y",
        "line 3 is odd",
        "line 3:",
    ],
)
def test_words_that_only_look_like_those_of_a_line_are_kept(words: str) -> None:
    assert note_of_words(words) == Note(kind="other", values=(words,))


def test_only_the_line_of_a_note_moves() -> None:
    note = note_of_words("line 3: line 3 is said twice")
    assert str(note.at_line(12)) == "line 12: line 3 is said twice"
    plain = Note(kind="other", values=("line 3 is odd",))
    assert plain.at_line(12) == plain
