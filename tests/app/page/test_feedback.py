import pytest

from pipeline.errors import DialogueError
from tests.app.conftest import BAD_SCRIPTS
from tests.app.page.desk import SCRIPT, Desk


def test_feedback_counts_turns_and_names_speakers(desk: Desk) -> None:
    feedback = desk.check.feedback(SCRIPT)
    assert not feedback.problem
    assert "3 turns, 2 speakers: Anna (S1), Ben (S2); " in feedback.message
    assert feedback.speakers == {"S1": "Anna", "S2": "Ben"}
    assert feedback.turns == ("1 · Anna: Hello.", "2 · Ben: Hi.", "3 · Anna: Bye.")


def test_long_turns_are_shortened_in_lists_alone(desk: Desk) -> None:
    (label,) = desk.check.feedback("Anna: " + "word " * 40).turns
    assert len(label) < 70
    assert label.endswith("…")


@pytest.mark.parametrize(("text", "words"), BAD_SCRIPTS.items())
def test_feedback_says_what_is_wrong_with_a_script(text: str, words: str, desk: Desk) -> None:
    feedback = desk.check.feedback(text)
    assert feedback.problem
    assert words in feedback.message
    with pytest.raises(DialogueError, match=words):
        desk.pool.shared.parse(text)


def test_speakers_without_names_are_named_by_their_number(desk: Desk) -> None:
    assert desk.pool.shared.parse("[S2] a\n[S1] b").speakers == {"S2": "S2", "S1": "S1"}
