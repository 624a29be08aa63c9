import dataclasses
import json
import random
from collections.abc import Callable

import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script, Turn
from pipeline.errors import ScriptError
from pipeline.script_editing import edit_turns
from pipeline.script_editing.edit_turns import NEW_WORDS, find_turn, written_names
from pipeline.script_editing.write import has_names, script_to_text
from pipeline.script_to_turns.parse import script_to_turns
from tests.edited_text import on_text
from tests.random_scripts import random_script, random_words, said, without_lines

add_turn, remove_turn = on_text(edit_turns.add_turn), on_text(edit_turns.remove_turn)
move_turn, set_speaker = on_text(edit_turns.move_turn), on_text(edit_turns.set_speaker)
set_pace, set_gap = on_text(edit_turns.set_pace), on_text(edit_turns.set_gap)

LIMITS = LimitsConfig()
NAMED = "Anna: Hi.\nBob: Yo.\nAnna: Bye."
NUMBERED = "[S1] Hi.\n[S2] Yo.\n[S1] Bye."
ODD_NAMES = json.dumps([{"speaker": "A (x)", "text": "Hi."}, {"speaker": "B (y)", "text": "Yo."}])


def read(typed: str) -> Script:
    return script_to_turns(typed, LIMITS)


def scripts(n_scripts: int = 80) -> list[tuple[random.Random, str]]:
    rng = random.Random(11)
    return [(rng, random_script(rng, named=bool(n % 2))) for n in range(n_scripts)]


def test_adding_changes_no_other_turn() -> None:
    for rng, text in scripts():
        before = said(read(text))
        after, words = rng.randrange(-1, len(before)), random_words(rng)
        speaker = rng.choice(list(read(text).speaker_names.values()))
        added = add_turn(text, after, speaker, words)
        now = said(read(added))
        assert now[: after + 1] + now[after + 2 :] == before
        new = read(f"[S1] {words}").turns[0]
        assert now[after + 1] == (speaker, new)
        assert said(read(remove_turn(added, after + 1))) == before


def test_removing_changes_no_other_turn() -> None:
    for rng, text in scripts():
        before = said(read(text))
        if len(before) > 1:
            turn = rng.randrange(len(before))
            removed = remove_turn(text, turn)
            assert said(read(removed)) == before[:turn] + before[turn + 1 :]
            if text.startswith("[S"):
                kept = without_lines(read(text))
                assert without_lines(read(removed)) == kept[:turn] + kept[turn + 1 :]


def test_moving_down_and_up_again_gives_the_script_back() -> None:
    for rng, text in scripts():
        before = said(read(text))
        if len(before) > 1:
            turn = rng.randrange(len(before) - 1)
            moved = move_turn(text, turn, 1)
            expected = before.copy()
            expected[turn : turn + 2] = [before[turn + 1], before[turn]]
            assert said(read(moved)) == expected
            assert move_turn(text, turn + 1, -1) == moved
            assert without_lines(read(move_turn(moved, turn + 1, -1))) == without_lines(read(text))


EDITS: dict[str, tuple[Callable[[str, int], str], Callable[[Turn], Turn]]] = {
    "pace": (
        lambda text, turn: set_pace(text, turn, 0.8),
        lambda turn: dataclasses.replace(turn, pace=0.8),
    ),
    "usual pace": (
        lambda text, turn: set_pace(text, turn, 1),
        lambda turn: dataclasses.replace(turn, pace=1.0),
    ),
    "gap": (
        lambda text, turn: set_gap(text, turn, -1),
        lambda turn: dataclasses.replace(turn, gap_s=-1.0),
    ),
    "default gap": (
        lambda text, turn: set_gap(text, turn, None),
        lambda turn: dataclasses.replace(turn, gap_s=None),
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_options_of_one_turn_change_alone(edit: str) -> None:
    change, expect = EDITS[edit]
    for rng, text in scripts():
        expected = without_lines(read(text))
        turn = rng.randrange(len(expected))
        expected[turn] = expect(expected[turn])
        changed = read(change(text, turn))
        assert without_lines(changed) == expected
        assert changed.speaker_names == read(text).speaker_names


def test_another_speaker_says_the_same_words() -> None:
    for rng, text in scripts():
        script = read(text)
        turn = rng.randrange(len(script.turns))
        speaker = rng.choice(list(script.speaker_names.values()))
        expected = said(script)
        expected[turn] = (speaker, expected[turn][1])
        assert said(read(set_speaker(text, turn, speaker))) == expected


def test_names_stay_when_another_speaker_comes_to_speak_first() -> None:
    assert move_turn(NAMED, 0, 1) == "Bob: Yo.\nAnna: Hi.\nAnna: Bye.\n"
    assert remove_turn(NAMED, 0) == "Bob: Yo.\nAnna: Bye.\n"


def test_numbers_stay_when_another_speaker_comes_to_speak_first() -> None:
    assert remove_turn(NUMBERED, 0) == "[S2] Yo.\n[S1] Bye.\n"


def test_names_that_cannot_be_written_become_numbers() -> None:
    assert remove_turn(ODD_NAMES, 0) == "[S2] Yo.\n"
    assert set_speaker(ODD_NAMES, 0, "s3") == "[S3] Hi.\n[S2] Yo.\n"


@pytest.mark.parametrize(
    ("text", "after", "line"),
    [
        (NAMED, 0, "Bob: And then?"),
        (NAMED, 1, "Anna: And then?"),
        (NAMED, -1, "Bob: And then?"),
        (NUMBERED, 2, "[S2] And then?"),
        ("[S1] Hi.", 0, "[S2] And then?"),
        ("[S3] Hi.", 0, "[S1] And then?"),
        ("just words", 0, "[S2] And then?"),
        ("A: a\nB: b\nC: c", 1, "C: And then?"),
        ("A: a\nB: b\nC: c", 2, "A: And then?"),
    ],
)
def test_a_new_turn_is_the_next_speakers(text: str, after: int, line: str) -> None:
    assert NEW_WORDS in line
    assert add_turn(text, after).splitlines()[after + 1] == line


def test_speakers_are_found_by_name_or_number_and_made_where_new() -> None:
    assert set_speaker(NAMED, 0, " bob ").startswith("Bob: Hi.")
    assert set_speaker(NAMED, 0, "s2").startswith("Bob: Hi.")
    assert set_speaker(NAMED, 1, "Dr. Green") == "Anna: Hi.\nDr. Green: Yo.\nAnna: Bye.\n"
    assert set_speaker(NUMBERED, 1, "s4") == "[S1] Hi.\n[S4] Yo.\n[S1] Bye.\n"
    full = "A: a\nB: b\nC: c\nD: d"
    assert set_speaker(full, 3, "Eve").endswith("C: c\nEve: d\n")


def test_a_new_turn_may_have_options() -> None:
    text = add_turn(NUMBERED, 0, "S2", "{gap 1} Well {pause 1} well.")
    assert text.splitlines()[1] == "[S2 gap=1.0] Well {pause 1.0} well."


REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "no such turn": (lambda: remove_turn(NAMED, 3), "no turn 3; turns are numbered from 0 to 2"),
    "below zero": (lambda: set_pace(NAMED, -1, 1.0), "there is no turn -1"),
    "after no turn": (lambda: add_turn(NAMED, -2), "there is no turn -2"),
    "the only turn": (lambda: remove_turn("Anna: Hi.", 0), "the only turn, .* change its words"),
    "up from the top": (lambda: move_turn(NAMED, 0, -1), "turn 0 is the first one; .* move down"),
    "down from the end": (lambda: move_turn(NAMED, 2, 1), "turn 2 is the last one; .* move up"),
    "two places": (lambda: move_turn(NAMED, 0, 2), "a turn moves by -1 or by 1, not by 2"),
    "nobody else": (lambda: add_turn("Anna: Hi.", 0), "Anna is the only speaker; say who else"),
    "a name among numbers": (
        lambda: set_speaker(NUMBERED, 0, "Ben"),
        "'Ben' cannot speak here, where speakers have numbers; there are S1 to S4",
    ),
    "a number among names": (
        lambda: set_speaker(NAMED, 0, "S3"),
        "'S3' cannot be a name here; there are Anna, Bob, or a new name",
    ),
    "no name": (lambda: add_turn(NAMED, 0, "", "Hi."), "'' cannot be a name here"),
    "a fifth speaker": (
        lambda: add_turn("A: a\nB: b\nC: c\nD: d", 3, "Eve"),
        "line 5: 'Eve' would be speaker 5",
    ),
    "a pace too fast": (lambda: set_pace(NAMED, 1, 3), "line 2: pace '3.0' must be a number"),
    "a pace that is none": (lambda: set_pace(NAMED, 1, float("nan")), "pace 'nan' must be"),
    "a gap too long": (lambda: set_gap(NAMED, 1, 11), "line 2: gap '11.0' must be a number"),
    "nothing to say": (lambda: add_turn(NAMED, 0, None, "..."), "nothing that can be spoken"),
    "a script with an error": (lambda: remove_turn("[S1] {", 0), "line 1: the brace {"),
    "too long a script": (
        lambda: add_turn(NAMED, 0, None, "a " * 20, LimitsConfig(max_script_characters=40)),
        "at most 40 are accepted",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused_and_says_what_can(case: str) -> None:
    edit, message = REFUSED[case]
    with pytest.raises(ScriptError, match=message):
        edit()


def test_an_edit_knows_turns_and_the_names_that_are_written() -> None:
    script = read(NAMED)
    assert (has_names(script), written_names(script)) == (True, {"S1": "Anna", "S2": "Bob"})
    assert find_turn(script, 1).text == "Yo."
    assert written_names(read(ODD_NAMES)) == {"S1": "S1", "S2": "S2"}
    with pytest.raises(ScriptError, match="there is no turn 5"):
        find_turn(script, 5)


def test_an_edited_script_is_the_one_that_its_text_is_read_as() -> None:
    for rng, text in scripts():
        script = read(text)
        turn = rng.randrange(len(script.turns))
        for edited in (
            edit_turns.add_turn(script, turn, next(iter(script.speaker_names.values()))),
            edit_turns.set_pace(script, turn, 0.8),
            edit_turns.move_turn(script, turn, -1 if turn else 1) if script.turns[1:] else script,
        ):
            again = read(script_to_text(edited))
            assert without_lines(again) == without_lines(edited)
            assert again.speaker_names == edited.speaker_names


def test_a_new_first_speaker_may_be_one_too_many_for_the_last() -> None:
    with pytest.raises(ScriptError, match="line 5: 'D' would be speaker 5"):
        add_turn("A: a\nB: b\nC: c\nD: d", -1, "Eve")
