import dataclasses
import random
from collections.abc import Callable

import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script
from pipeline.errors import ScriptError
from pipeline.script_editing import edit_words
from pipeline.script_to_turns.parse import script_to_turns
from tests.edited_text import on_text
from tests.random_scripts import random_script, random_words, said, without_lines

set_words, split_turn = on_text(edit_words.set_words), on_text(edit_words.split_turn)
merge_turn, respell = on_text(edit_words.merge_turn), on_text(edit_words.respell)

LIMITS = LimitsConfig()


def read(typed: str) -> Script:
    return script_to_turns(typed, LIMITS)


def scripts(n_scripts: int = 150) -> list[tuple[random.Random, str]]:
    rng = random.Random(13)
    return [(rng, random_script(rng, named=bool(n % 2))) for n in range(n_scripts)]


def unless_refused(edit: Callable[..., str], *values: object) -> str | None:
    try:
        return edit(*values)
    except ScriptError:
        return None


def test_other_words_change_one_turn_alone() -> None:
    for rng, text in scripts(60):
        expected = without_lines(read(text))
        turn, words = rng.randrange(len(expected)), random_words(rng)
        new = read(f"[S1] {words}").turns[0]
        old = expected[turn]
        expected[turn] = dataclasses.replace(
            new, speaker=old.speaker, pace=old.pace, gap_s=old.gap_s
        )
        assert without_lines(read(set_words(text, turn, words))) == expected


def test_words_may_mark_pace_and_gap() -> None:
    text = set_words("Anna [pace=2 gap=1]: Hi.\nBob: Yo.", 0, "{gap 0.5} Hey\nyou.")
    assert text == "Anna: {pace 2.0} {gap 0.5} Hey you.\nBob: Yo.\n"


def test_both_halves_together_say_what_the_turn_said() -> None:
    n_split = 0
    for rng, text in scripts():
        before = said(read(text))
        turn = rng.randrange(len(before))
        name, whole = before[turn]
        at = rng.randint(0, len(whole.text))
        split = unless_refused(split_turn, text, turn, at)
        if split is None:
            continue
        n_split += 1
        now = said(read(split))
        assert now[:turn] + now[turn + 2 :] == before[:turn] + before[turn + 1 :]
        (first_name, first), (second_name, second) = now[turn : turn + 2]
        assert first_name == second_name == name
        assert f"{first.text} {second.text}" == whole.text
        assert f"{first.spoken_text} {second.spoken_text}" == whole.spoken_text
        assert (first.pace, first.gap_s) == (whole.pace, whole.gap_s)
        assert (second.pace, second.gap_s) == (whole.pace, None)
        assert [s for _, s in first.pauses + second.pauses] == [s for _, s in whole.pauses]
        assert len(first.respellings + second.respellings) == len(whole.respellings)
        ((_, merged),) = said(read(merge_turn(split, turn)))[turn : turn + 1]
        assert (merged.text, merged.spoken_text) == (whole.text, whole.spoken_text)
        assert merged.respellings == whole.respellings
        assert [s for _, s in merged.pauses] == [s for _, s in whole.pauses]
        assert (merged.pace, merged.gap_s) == (whole.pace, whole.gap_s)
    assert n_split > 50


@pytest.mark.parametrize(
    ("at", "first", "second"),
    [
        (1, "Anna: One", "Anna: two, three."),
        (5, "Anna: One", "Anna: two, three."),
        (7, "Anna: One two,", "Anna: three."),
        (14, "Anna: One two,", "Anna: three."),
    ],
)
def test_a_turn_is_cut_at_the_nearest_blank(at: int, first: str, second: str) -> None:
    assert split_turn("Anna: One two, three.", 0, at) == f"{first}\n{second}\n"


def test_no_respelling_is_cut_and_a_pause_at_the_cut_ends_the_first_turn() -> None:
    text = "[S1 pace=2 gap=1] I like {New York|noo yawk} {pause 1} and {Leeds|leads} {pause 2} so."
    assert split_turn(text, 0, 9) == (
        "[S1 pace=2.0 gap=1.0] I like\n"
        "[S1 pace=2.0] {New York|noo yawk} {pause 1.0} and {Leeds|leads} {pause 2.0} so.\n"
    )
    first, second = split_turn(text, 0, 15).splitlines()
    assert first == "[S1 pace=2.0 gap=1.0] I like {New York|noo yawk}{pause 1.0}"
    assert second == "[S1 pace=2.0] and {Leeds|leads} {pause 2.0} so."
    assert (
        merge_turn(f"{first}\n{second}", 0)
        == (text.replace("=2 gap=1]", "=2.0 gap=1.0]").replace("pause 1", "pause 1.0")).replace(
            "pause 2", "pause 2.0"
        )
        + "\n"
    )


def test_a_pause_before_the_second_turns_first_word_stays_with_the_first() -> None:
    text = split_turn("[S1] Well ... {pause 1} so.", 0, 4)
    assert text == "[S1] Well{pause 1.0}\n[S1] ... so.\n"


def test_silence_between_merged_turns_becomes_a_pause() -> None:
    assert merge_turn("A: Hi.\nA: {gap 0.5} Yo.\nB: b", 0) == "A: Hi. {pause 0.5} Yo.\nB: b\n"
    assert merge_turn("A: Hi.\nA: {gap 0} Yo.\nB: b", 0) == "A: Hi. Yo.\nB: b\n"


def test_a_respelling_is_added_and_taken_off_again() -> None:
    n_done = 0
    for rng, text in scripts():
        before = without_lines(read(text))
        turn = rng.randrange(len(before))
        shown = rng.choice(["go", "café", "Hello", "x", "it's"])
        changed = unless_refused(respell, text, turn, shown, "noo  yawk|x")
        if changed is None:
            continue
        n_done += 1
        now = without_lines(read(changed))
        assert now[:turn] + now[turn + 1 :] == before[:turn] + before[turn + 1 :]
        assert now[turn].text == before[turn].text
        (span,) = set(now[turn].respellings) - set(before[turn].respellings)
        assert now[turn].text[span[0] : span[1]] == shown
        assert span[2] == "noo yawk|x"
        assert without_lines(read(respell(changed, turn, shown, " "))) == before
    assert n_done > 40


def test_the_first_whole_words_not_respelled_yet_are_taken() -> None:
    text = "[S1] Bathe in Bath, {Bath|barth} {pause 1} or Bath."
    once = respell(text, 0, "Bath", "bahth")
    assert once == "[S1] Bathe in {Bath|bahth}, {Bath|barth} {pause 1.0} or Bath.\n"
    twice = respell(once, 0, "Bath", "bath")
    assert twice.endswith("{Bath|barth} {pause 1.0} or {Bath|bath}.\n")
    assert respell("[S1] a {pause 1} b, a b", 0, "a b", "ab").endswith("b, {a b|ab}\n")
    assert respell("[S1] I pay $5 (net).", 0, "(net)", "net") == "[S1] I pay $5 {(net)|net}.\n"


HI = "Anna: Hi there.\nAnna: Yo.\nBob: Hm.\nBob: {gap -1} Well.\nBob: {pace 2} So {a|b}."

REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "no words": (lambda: set_words(HI, 0, " "), "line 1: S1 has nothing to say"),
    "a brace": (lambda: set_words(HI, 1, "a {b"), "line 2: the brace { has no partner"),
    "a bell": (lambda: set_words(HI, 1, "a\x07"), r"line 2: character 2 is U\+0007"),
    "no such turn": (lambda: set_words(HI, 9, "a"), "there is no turn 9"),
    "split one word": (lambda: split_turn(HI, 1, 1), "turn 1 cannot be split at 1: one side would"),
    "split at the start": (lambda: split_turn(HI, 0, 0), "one side would have nothing to say"),
    "split at the end": (lambda: split_turn(HI, 0, 9), "choose a place between two of its words"),
    "split off a dot": (
        lambda: split_turn("[S1] Well ...", 0, 6),
        r"'\.\.\.' alone has nothing to say; choose a place with words on both sides",
    ),
    "split a respelling": (lambda: split_turn("[S1] {a b|ab}", 0, 1), "cannot be split at 1"),
    "merge the last": (lambda: merge_turn(HI, 4), "turn 4 is the last one; merge the one above"),
    "merge two speakers": (
        lambda: merge_turn(HI, 1),
        "turn 1 is Anna's and turn 2 Bob's; only turns of one speaker",
    ),
    "merge an overlap": (lambda: merge_turn(HI, 2), "turn 3 overlaps turn 2 by gap -1"),
    "merge two paces": (lambda: merge_turn(HI, 3), "turns 3 and 4 have paces 1 and 2"),
    "merge too much": (
        lambda: merge_turn("A: " + "a " * 300 + "\nA: " + "b " * 300, 0),
        "line 1: this turn has 1199 characters",
    ),
    "respell other words": (lambda: respell(HI, 0, "her", "x"), "turn 0 does not say 'her'; give"),
    "respell nothing": (lambda: respell(HI, 0, " ", "x"), "turn 0 does not say ''"),
    "respell again": (lambda: respell(HI, 4, "a", "c"), "'a' is respelled already in turn 4"),
    "respell a pause": (
        lambda: respell("[S1] a {pause 1} b", 0, "a b", "ab"),
        "a pause stands inside 'a b' in turn 0",
    ),
    "respell as a dot": (lambda: respell(HI, 0, "Hi", "."), "'.' cannot be said in place of 'Hi'"),
    "plain what is plain": (lambda: respell(HI, 0, "Hi", ""), "'Hi' is not respelled in turn 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused_and_says_what_can(case: str) -> None:
    edit, message = REFUSED[case]
    with pytest.raises(ScriptError, match=message):
        edit()
