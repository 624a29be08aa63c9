import pytest

from app.backend.progress import ProgressMeter
from pipeline.synthesis.stage_clock import STAGES


def test_progress_only_grows_and_ends_at_one() -> None:
    meter = ProgressMeter()
    steps = [meter.share("read", 0, 1), meter.share("read", 1, 1)]
    steps += [  # two batches
        meter.share(stage, 4 * batch + done, 8)
        for batch in range(2)
        for stage in STAGES[1:]
        for done in range(5)
    ]
    assert steps == sorted(steps)
    assert steps[0] == 0.0
    assert steps[-1] == pytest.approx(1.0)


def test_a_stage_of_nothing_is_no_error() -> None:
    assert ProgressMeter().share("check", 0, 0) == 0.0
