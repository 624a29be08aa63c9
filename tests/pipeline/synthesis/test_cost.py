import pytest

from pipeline.synthesis.batches import WHOLE_BATCH_S
from pipeline.synthesis.cost import (
    CostModel,
    MeasuredRun,
    ScriptSize,
    TimeLeft,
    cost_from_dict,
    cost_to_dict,
    fit_cost,
)

SHARES = {"semantic": 0.25, "acoustic": 0.75}


def _run(n_turns: int, speech_s: float, slowness: float = 1.0) -> MeasuredRun:
    """A machine that takes 0.5 s, 0.1 s a turn, 0.3 s a second; 400 MB and 2 MB a second."""
    spent = slowness * (0.5 + 0.1 * n_turns + 0.3 * speech_s)
    return MeasuredRun(
        size=ScriptSize(n_turns=n_turns, n_characters=100, speech_s=speech_s),
        stage_seconds={stage: share * spent for stage, share in SHARES.items()},
        sound_s=0.8 * speech_s,
        peak_mb=400 + 2 * min(speech_s, WHOLE_BATCH_S),
    )


@pytest.fixture
def model() -> CostModel:
    return fit_cost(3.0, [_run(2, 2.0), _run(12, 14.0), _run(5, 40.0)])


def test_the_coefficients_of_a_machine_are_found(model: CostModel) -> None:
    found = (model.load_s, model.script_s, model.turn_s, model.speech_s)
    assert found == pytest.approx((3.0, 0.5, 0.1, 0.3))
    assert (model.base_mb, model.speech_mb) == pytest.approx((400, 2))
    assert model.sound_ratio == pytest.approx(0.8)
    assert dict(model.stage_shares) == pytest.approx(SHARES)


def test_no_coefficient_is_below_zero() -> None:
    odd = [_run(2, 2.0, slowness=3.0), _run(12, 14.0), _run(5, 40.0, slowness=0.5)]
    model = fit_cost(3.0, odd)
    assert min(model.script_s, model.turn_s, model.speech_s) >= 0
    assert model.seconds(odd[0].size) > 0


def test_memory_does_not_grow_beyond_a_batch(model: CostModel) -> None:
    minute = ScriptSize(n_turns=9, n_characters=1000, speech_s=WHOLE_BATCH_S)
    hour = ScriptSize(n_turns=900, n_characters=60_000, speech_s=3600.0)
    assert model.peak_mb(hour) == model.peak_mb(minute)
    assert model.seconds(hour) == pytest.approx(0.5 + 90 + 0.3 * 3600)
    assert sum(model.stage_seconds(hour).values()) == pytest.approx(model.seconds(hour))


def test_later_runs_move_the_running_average_part_of_the_way(model: CostModel) -> None:
    run = _run(5, 40.0, slowness=2.0)
    before, after = model.seconds(run.size), model.corrected(run).seconds(run.size)
    assert before < after < 2 * before
    for _ in range(30):
        model = model.corrected(run)
    assert model.seconds(run.size) == pytest.approx(2 * before, rel=0.01)


def test_a_model_comes_back_from_json_as_it_was(model: CostModel) -> None:
    assert cost_from_dict(cost_to_dict(model)) == model


@pytest.mark.parametrize("changed", [{"speech_s": -1.0}, {"speech_s": None}, {"other": 1.0}])
def test_what_is_no_model_is_refused(model: CostModel, changed: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="not a cost model"):
        cost_from_dict({**cost_to_dict(model), **changed})


@pytest.mark.parametrize("slowness", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("n_resumed", [0, 7])
def test_time_left_is_right_within_a_fifth_once_a_fifth_is_done(
    slowness: float, n_resumed: int
) -> None:
    """Thirty batches of two stages on a machine that is slower, or faster, than expected."""
    expected, taken = {"semantic": 20.0, "acoustic": 80.0}, {"semantic": 30.0, "acoustic": 70.0}
    now = [0.0]
    meter = TimeLeft(expected, lambda: now[0])
    told = []
    for batch in range(n_resumed, 30):
        for stage, whole_s in taken.items():
            for step in range(5):
                meter.left(stage, 5 * batch + step, 150)
                now[0] += slowness * whole_s / 150
            told.append((now[0], meter.left(stage, 5 * batch + 5, 150)))
    end_s = told[-1][0]
    assert told[-1][1] == pytest.approx(0.0, abs=0.01)
    for at_s, left_s in told:
        if 0.2 * end_s < at_s < 0.9 * end_s:
            assert left_s == pytest.approx(end_s - at_s, rel=0.2)


def test_a_short_script_is_not_said_to_take_long_as_a_voice_is_made_and_the_engine_starts() -> None:
    now = [0.0]
    meter = TimeLeft({"read": 0.01, "semantic": 0.3, "acoustic": 0.7}, lambda: now[0])
    meter.left("read", 0, 1)
    now[0] += 3.0  # a voice of a recording
    assert meter.left("read", 1, 1) == pytest.approx(1.0, rel=0.1)
    now[0] += 1.0  # the engine
    assert meter.left("semantic", 1, 10) < 3.0


def test_time_left_begins_at_the_estimate() -> None:
    meter = TimeLeft({"semantic": 20.0, "acoustic": 80.0}, lambda: 0.0)
    assert meter.left("semantic", 0, 1) == pytest.approx(100.0)
