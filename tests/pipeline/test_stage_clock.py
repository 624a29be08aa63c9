import time

import pytest

from pipeline.errors import CancelledError
from pipeline.stage_clock import STAGES, StageClock


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
