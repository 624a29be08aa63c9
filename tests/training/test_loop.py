import os
import signal
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from pipeline.errors import CheckpointError
from training.config import LoopConfig
from training.loop import STATE_NAME, learning_rate_factor, run_training

CONFIG = LoopConfig(max_steps=6, warmup_steps=2, evaluate_every=3, log_every=2)


class LineJob:
    """Fits y = 2x with one weight and momentum; draws its batches from the loop's generator."""

    name = "line"

    def __init__(self, stop_after: int | None = None, width: int = 1) -> None:
        network = nn.Linear(width, 1, bias=False)
        nn.init.zeros_(network.weight)
        self.network = network
        self.modules = {"network": network}
        self.optimisers = {"network": torch.optim.Adam(network.parameters(), lr=0.1)}
        self.progress = 0.0
        self.stop_after = stop_after
        self.steps: list[int] = []
        self.progress_seen: list[float] = []
        self.rates: list[float] = []
        self.modes: list[bool] = []
        self.evaluation_draws: list[float] = []

    def train_step(self, step: int, rng: torch.Generator) -> dict[str, float | Tensor]:
        self.steps.append(step)
        self.progress_seen.append(self.progress)
        self.rates.append(float(self.optimisers["network"].param_groups[0]["lr"]))
        self.modes.append(self.network.training)
        x = torch.randn(4, 1, generator=rng)
        loss = ((self.network(x) - 2 * x) ** 2).mean()
        self.optimisers["network"].zero_grad()
        loss.backward()
        self.optimisers["network"].step()
        if step + 1 == self.stop_after:
            os.kill(os.getpid(), signal.SIGTERM)
        return {"loss": loss.detach()}

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        assert not self.network.training
        assert not torch.is_grad_enabled()
        self.evaluation_draws.append(float(torch.rand(1, generator=rng)))
        return {"weight": float(self.network.weight.sum())}


def test_the_learning_rate_rises_then_falls_to_its_final_share() -> None:
    config = LoopConfig(max_steps=100, warmup_steps=10, final_learning_rate=0.05)
    factors = [learning_rate_factor(step / 100, step, config) for step in range(101)]
    peak = factors.index(max(factors))
    assert 5 < peak < 15
    assert factors[0] == pytest.approx(0.1, abs=0.01)
    assert factors[:peak] == sorted(factors[:peak])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)
    assert factors[-1] == pytest.approx(0.05)


def test_a_run_takes_exactly_its_steps_and_evaluates_between_and_at_the_end(tmp_path: Path) -> None:
    job = LineJob()
    run_training(job, CONFIG, tmp_path)
    assert job.steps == list(range(6))
    assert all(job.modes)
    assert len(job.evaluation_draws) == 3
    assert len(set(job.evaluation_draws)) == 1, "every evaluation sees the same held-out draw"


def test_the_schedule_reaches_the_optimiser_and_the_job_knows_its_progress(tmp_path: Path) -> None:
    job = LineJob()
    run_training(job, CONFIG, tmp_path)
    expected = [0.1 * learning_rate_factor(step / 6, step, CONFIG) for step in range(6)]
    assert job.rates == pytest.approx(expected)
    assert job.progress_seen == pytest.approx([step / 6 for step in range(6)])


def test_a_finished_run_does_not_train_on(tmp_path: Path) -> None:
    run_training(LineJob(), CONFIG, tmp_path)
    again = LineJob()
    run_training(again, CONFIG, tmp_path)
    assert again.steps == []
    assert float(again.network.weight.detach()) != 0.0, "but the trained weights are there"


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_does(tmp_path: Path) -> None:
    unbroken = LineJob()
    run_training(unbroken, CONFIG, tmp_path / "unbroken")

    first, second = LineJob(stop_after=2), LineJob()
    with pytest.raises(SystemExit, match="stopped and saved at step 2"):
        run_training(first, CONFIG, tmp_path / "stopped")
    run_training(second, CONFIG, tmp_path / "stopped")

    assert first.steps + second.steps == unbroken.steps
    assert second.rates == pytest.approx(unbroken.rates[2:])
    assert torch.equal(second.network.weight, unbroken.network.weight)


def test_signals_are_the_users_again_after_a_run(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    run_training(LineJob(), CONFIG, tmp_path)
    assert signal.getsignal(signal.SIGTERM) is before


def test_minutes_bound_a_run_before_its_steps_do(tmp_path: Path) -> None:
    job = LineJob()
    run_training(job, LoopConfig(max_steps=10**9, max_minutes=1e-3), tmp_path)
    assert 0 < len(job.steps) < 10**6
    assert job.progress_seen == sorted(job.progress_seen)


def test_figures_are_left_for_tensorboard(tmp_path: Path) -> None:
    run_training(LineJob(), CONFIG, tmp_path)
    assert [path.stat().st_size > 0 for path in tmp_path.glob("events.out.*")] == [True]


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    run_training(LineJob(), CONFIG, tmp_path)
    with pytest.raises(CheckpointError, match=r"state\.pt does not fit this training"):
        run_training(LineJob(width=3), CONFIG, tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_checkpoint_that_was_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    run_training(LineJob(), CONFIG, tmp_path)
    path = tmp_path / STATE_NAME
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match="move it away to start anew"):
        run_training(LineJob(), CONFIG, tmp_path)
