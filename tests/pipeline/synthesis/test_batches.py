import pytest

from pipeline.config.limits import LimitsConfig, MixConfig
from pipeline.datatypes.script import Turn
from pipeline.synthesis.batches import (
    FIRST_BATCHES_S,
    WHOLE_BATCH_S,
    estimate_turn_seconds,
    plan_batches,
)


@pytest.mark.parametrize("first", [(), FIRST_BATCHES_S])
@pytest.mark.parametrize("seconds", [[], [3.0], [4.0] * 100, [90.0, 1.0, 90.0], [0.0] * 5])
def test_every_turn_is_in_one_batch_in_order(
    seconds: list[float], first: tuple[float, ...]
) -> None:
    batches = plan_batches(seconds, first)
    assert [turn for batch in batches for turn in batch] == list(range(len(seconds)))
    assert all(len(batch) for batch in batches)
    for batch in batches:
        assert len(batch) == 1 or sum(seconds[turn] for turn in batch) <= WHOLE_BATCH_S


def test_a_listener_gets_the_first_turn_alone_and_then_more_and_more() -> None:
    assert [len(batch) for batch in plan_batches([4.0] * 40, FIRST_BATCHES_S)] == [
        1,
        2,
        4,
        7,
        15,
        11,
    ]


def test_first_turns_whose_sound_would_end_too_soon_come_together() -> None:
    assert plan_batches([0.6, 0.6, 2.0, 4.0, 1.0], FIRST_BATCHES_S) == [range(2), range(2, 5)]


def test_letters_pace_gap_and_pauses_make_a_turn_long() -> None:
    turn = Turn(
        speaker="S1", text="", spoken_text="a" * 30, pace=2.0, gap_s=0.5, pauses=((3, 2.0),)
    )
    limits = LimitsConfig(characters_per_second=15.0)
    assert estimate_turn_seconds(turn, limits, MixConfig()) == pytest.approx(3.5)


def test_batches_of_later_turns_keep_the_numbers_of_the_script() -> None:
    seconds = [20.0] * 8
    later = plan_batches(seconds[3:], first_turn=3)
    assert [turn for batch in later for turn in batch] == [3, 4, 5, 6, 7]
