"""An edited script against the one spoken; no sound."""

import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.dialogue_editing.matching import keep_speakers, match_turns
from pipeline.errors import ConfigError
from pipeline.script_to_turns.parse import script_to_turns

LINES = ["[S1] One.", "[S2] Two.", "[S1] Three.", "[S2] Four.", "[S1] Five.", "[S2] Six."]


def matched(
    lines: list[str], locked: frozenset[int] = frozenset(), follow_context: bool = True
) -> list[tuple[int | None, bool]]:
    before = script_to_turns("\n".join(LINES), LimitsConfig()).turns
    after = script_to_turns("\n".join(lines), LimitsConfig()).turns
    matches = match_turns(before, after, locked, follow_context)
    return [(match.source, match.kept) for match in matches]


def test_an_edited_turn_is_new_and_the_next_has_another_context() -> None:
    assert matched([*LINES[:4], "[S1] Fifth.", LINES[5]]) == [
        (0, True), (1, True), (2, True), (3, True), (None, False), (5, False)
    ]  # fmt: skip


def test_what_says_the_same_is_kept_in_another_context_where_that_does_not_count() -> None:
    lines = [LINES[0], "[S2] Second.", LINES[2], LINES[4], "[S1] More.", LINES[5]]
    sources = [source for source, _ in matched(lines)]
    assert sources == [0, None, 2, 4, None, 5]
    assert matched(lines, follow_context=False) == [
        (source, source is not None) for source in sources
    ]


def test_a_locked_turn_is_kept_whatever_stands_before_it() -> None:
    assert matched([LINES[0], "[S2] New.", *LINES[2:]], frozenset({2}))[1:4] == [
        (None, False), (2, True), (3, True)
    ]  # fmt: skip


def test_turns_after_one_taken_out_are_found_again() -> None:
    assert matched([LINES[0], *LINES[2:]]) == [
        (0, True), (2, False), (3, True), (4, True), (5, True)
    ]  # fmt: skip


def test_gaps_and_captions_are_not_what_is_said_but_pace_is() -> None:
    assert matched([LINES[0], "[S2 gap=1] {Too|Two}.", *LINES[2:]])[1] == (1, True)
    assert matched([LINES[0], "[S2 pace=1.5] Two.", *LINES[2:]])[1:3] == [(None, False), (2, True)]


def test_a_locked_turn_that_was_edited_is_named() -> None:
    with pytest.raises(ConfigError, match=r"turn 2 is locked, but .* 'Two\.' .* unlock it first"):
        matched([LINES[0], *LINES[2:]], frozenset({1}))


def test_names_keep_their_numbers_when_the_order_changes() -> None:
    before = script_to_turns("Anna: Hi.\nBen: Hello.", LimitsConfig())
    after = script_to_turns("Carl: So.\nBen: Hello.\nAnna: Hi.", LimitsConfig())
    kept = keep_speakers(after, before.speaker_names)
    assert [turn.speaker for turn in kept.turns] == ["S3", "S2", "S1"]
    assert kept.speaker_names == {"S3": "Carl", "S2": "Ben", "S1": "Anna"}
    full = script_to_turns("A: 1.\nB: 2.\nC: 3.\nD: 4.", LimitsConfig())
    edited = script_to_turns("E: 1.\nB: 2.\nC: 3.\nD: 4.", LimitsConfig())
    assert keep_speakers(edited, full.speaker_names).turns[0].speaker == "S1"
