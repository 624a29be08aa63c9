import time

import pytest

from pipeline.errors import CancelledError
from pipeline.synthesis.stage_clock import STAGES, StageClock


def test_every_stage_is_timed_and_reported_at_both_ends() -> None:
    seen: list[tuple[str, int, int]] = []
    clock = StageClock(lambda stage, done, total: seen.append((stage, done, total)))
    for stage in STAGES:
        with clock.stage(stage):
            time.sleep(0.002)
    assert seen == [(stage, done, 1) for stage in STAGES for done in (0, 1)]
    assert list(clock.seconds) == list(STAGES)
    assert min(clock.seconds.values()) >= 0.002


def test_a_listener_can_stop_the_work() -> None:
    def stop(stage: str, done: int, total: int) -> None:
        raise CancelledError("stop")

    clock = StageClock(stop)
    with pytest.raises(CancelledError, match="stop"), clock.stage("read"):
        pytest.fail("the body ran")
    assert clock.seconds == {}


def test_a_stage_that_runs_on_batches_grows_once_from_nothing_to_all() -> None:
    seen: list[float] = []
    clock = StageClock(lambda stage, done, total: seen.append(done / total))
    for before, size in ((0, 1), (1, 3), (4, 2)):
        with clock.part(before, size, of=6), clock.stage("acoustic"):
            time.sleep(0.002)
            clock.report("acoustic", 1, 2)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1], seen[1]) == (0.0, 1.0, 0.5 / 6)
    assert clock.seconds["acoustic"] >= 0.006


def test_what_is_expected_of_one_stage_leaves_the_others() -> None:
    seen: list[tuple[str, int, int]] = []
    clock = StageClock(lambda stage, done, total: seen.append((stage, done, total)))
    with clock.part(1, 1, of=2, stage="check"):
        clock.report("check", 1, 4)
        clock.report("mix", 1, 4)
    assert seen == [("check", 5, 8), ("mix", 1, 4)]
    clock.report("check", 1, 4)
    assert seen[-1] == ("check", 1, 4)


def test_a_part_within_a_part_ends_before_it() -> None:
    seen: list[float] = []
    clock = StageClock(lambda stage, done, total: seen.append(done / total))
    with clock.part(0, 1, of=2):
        with clock.part(1, 1, of=4, stage="mix"):
            clock.report("mix", 1, 1)
        clock.report("mix", 1, 1)
    clock.report("mix", 1, 1)
    assert seen == [0.5, 0.5, 1.0]


def test_side_work_asks_the_listener_without_moving_progress() -> None:
    told: list[tuple[str, int, int]] = []
    clock = StageClock(lambda *counts: told.append(counts))
    clock.ask().report("acoustic", 1, 2)
    assert told == []
    with clock.part(3, 2, of=10):
        clock.report("semantic", 1, 4)
        for done in range(3):
            clock.ask().report("acoustic", done, 2)
    assert told == [("semantic", 14, 40)] * 4
    StageClock(None).ask().report("acoustic", 1, 2)
