from pathlib import Path

import pytest

from app.backend.cost import (
    SAMPLES,
    Expectation,
    expected_seconds,
    peak_memory_mb,
    time_left_of,
)
from app.backend.cost_file import CostFile
from app.backend.pipeline_pool import PipelinePool
from pipeline.datatypes.script import Script
from pipeline.synthesis.cost import USUAL_COST
from tests.app.tone_pipeline import TonePipeline, talk_s

SCRIPT = "[S1] Hello there.\n[S2] Hi."


@pytest.fixture
def expectation(pool: PipelinePool, tmp_path: Path) -> Expectation:
    return Expectation(pool, CostFile(tmp_path / "cost.json"), 2)


@pytest.fixture
def script(pipeline: TonePipeline) -> Script:
    return pipeline.parse(SCRIPT)


def test_what_was_measured_is_known_from_then_on(expectation: Expectation) -> None:
    assert expectation.known() is None
    model = expectation.measure(load_s=3.0)
    assert expectation.known() == model
    assert model.load_s == 3.0
    assert model.sound_ratio == pytest.approx(1.0)


def test_samples_grow_so_that_the_peak_of_memory_is_of_the_last(pipeline: TonePipeline) -> None:
    letters = [len(text) for text in SAMPLES]
    assert letters == sorted(letters)
    assert all(pipeline.parse(text).turns for text in SAMPLES)


def test_an_estimate_counts_the_script_and_uses_the_model(
    expectation: Expectation, script: Script
) -> None:
    found = expectation.estimate(script, USUAL_COST)
    assert (found.size.n_turns, found.size.n_characters) == (2, len("Hello there.Hi."))
    assert found.sound_s == pytest.approx(USUAL_COST.sound_ratio * talk_s(2))
    assert found.computing_s == pytest.approx(USUAL_COST.load_s + USUAL_COST.seconds(found.size))
    assert found.peak_mb == pytest.approx(USUAL_COST.peak_mb(found.size))


def test_progress_begins_at_what_is_usual_until_something_is_measured(
    expectation: Expectation, script: Script
) -> None:
    size = expectation.size(script)
    assert expectation.stage_seconds(script) == USUAL_COST.stage_seconds(size)
    measured = expectation.measure(load_s=3.0)
    assert expectation.stage_seconds(script) == measured.stage_seconds(size)


def test_a_run_corrects_what_was_measured_and_only_that(
    expectation: Expectation, script: Script
) -> None:
    expectation.learn(script, {"acoustic": 9.0}, 1.0)
    assert expectation.known() is None
    before = expectation.measure(load_s=3.0)
    expectation.learn(script, {"acoustic": 9.0}, 1.0)
    after, size = expectation.known(), expectation.size(script)
    assert after is not None
    assert before.seconds(size) < after.seconds(size) < 9.0


def test_a_process_holds_some_memory() -> None:
    assert 20 < peak_memory_mb() < 100_000


def test_time_left_begins_at_the_estimate_and_at_nothing_for_an_unreadable_script(
    pool: PipelinePool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    script = pool.shared.parse("[S1] Hello.")
    usual_s, slow_s = (
        time_left_of(pool, script, slowness).left("semantic", 0, 1) for slowness in (1.0, 3.0)
    )
    assert slow_s == pytest.approx(3 * usual_s, rel=0.05)
    assert usual_s > 0
    assert expected_seconds(pool, pool.shared.parse(SCRIPT)) > 0
