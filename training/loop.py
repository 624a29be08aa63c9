"""One loop for every network: step, report, evaluate, save; resumes exactly where it stopped."""

import contextlib
import logging
import math
import pickle
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from pipeline.errors import CheckpointError
from pipeline.files.atomic import write_atomically
from training.config import LoopConfig

logger = logging.getLogger(__name__)

STATE_NAME = "state.pt"


class TrainingJob(Protocol):
    """One training: its networks, its optimisers, and what a step does.

    The loop sets every optimiser's learning rate before a step (its peak rate times the schedule).
    All randomness comes from the generator passed in: a resumed run repeats an unbroken one.
    """

    name: str
    modules: Mapping[str, nn.Module]
    optimisers: Mapping[str, torch.optim.Optimizer]
    progress: float

    def train_step(self, step: int, rng: torch.Generator) -> dict[str, float | Tensor]:
        """Draw a batch, update the networks once, give figures to log (tensors are read late)."""

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        """Figures on held-out material; the networks are in eval mode."""


def learning_rate_factor(progress: float, step: int, config: LoopConfig) -> float:
    """Share of the peak learning rate: linear warm-up, then a cosine down to the final share.

    Args:
        progress: share of the run that is done, in [0, 1].
        step: steps done.
        config: warm-up steps and final share.
    """
    warmup = min(1.0, (step + 1) / max(1, config.warmup_steps))
    cosine = 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
    return warmup * (config.final_learning_rate + (1.0 - config.final_learning_rate) * cosine)


def run_training(job: TrainingJob, config: LoopConfig, folder: Path) -> None:
    """Train until the bound in steps or minutes, resuming from the folder's last checkpoint.

    SIGTERM and Ctrl-C save a checkpoint and leave by `SystemExit`; the same call goes on from it.

    Args:
        job: what is trained; its `progress` is set to the share of the run done before every step.
        config: bounds, schedule, intervals.
        folder: receives the checkpoint and the TensorBoard events.

    Raises:
        CheckpointError: if the folder's checkpoint does not fit the job.
    """
    _Run(job, config, folder).train()


class _Run:
    """One sitting of a training."""

    def __init__(self, job: TrainingJob, config: LoopConfig, folder: Path) -> None:
        self.job, self.config, self.folder = job, config, folder
        self.rng = torch.Generator().manual_seed(config.seed)
        self.step, self.trained_s = 0, 0.0
        self.stop_requested = False
        self.peak_rates = {
            name: [float(group["lr"]) for group in optimiser.param_groups]
            for name, optimiser in job.optimisers.items()
        }
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    @property
    def progress(self) -> float:
        shares = [self.step / self.config.max_steps]
        if self.config.max_minutes > 0:
            shares.append(self.trained_s / (60 * self.config.max_minutes))
        return min(1.0, max(shares))

    def train(self) -> None:
        if self.progress >= 1.0:
            logger.info("%s: already trained, %d steps", self.job.name, self.step)
            return
        with _stop_signals(self), contextlib.closing(SummaryWriter(str(self.folder))) as writer:
            self._steps(writer)
            self._report(writer, "dev", self._evaluate())
        self._save()
        if self.stop_requested:
            raise SystemExit(
                f"{self.job.name}: stopped and saved at step {self.step}; run again to go on"
            )

    def _steps(self, writer: SummaryWriter) -> None:
        figures: dict[str, float | Tensor] = {}
        last_save = last_log = time.monotonic()
        last_step, now = self.step, last_log
        for module in self.job.modules.values():
            module.train()
        while self.progress < 1.0 and not self.stop_requested:
            self._set_rates()
            figures = self.job.train_step(self.step, self.rng)
            self.step += 1
            previous, now = now, time.monotonic()
            self.trained_s += now - previous
            if self.step % self.config.log_every == 0:
                steps_per_s = (self.step - last_step) / (now - last_log)
                last_log, last_step = now, self.step
                self._report(writer, "train", figures, steps_per_s)
            if self.step % self.config.evaluate_every == 0:
                self._report(writer, "dev", self._evaluate())
                now = time.monotonic()
            if now - last_save > self.config.save_every_s:
                self._save()
                last_save = now = time.monotonic()

    def _set_rates(self) -> None:
        progress = self.progress
        self.job.progress = progress
        factor = learning_rate_factor(progress, self.step, self.config)
        for name, optimiser in self.job.optimisers.items():
            for group, peak in zip(optimiser.param_groups, self.peak_rates[name], strict=True):
                group["lr"] = peak * factor

    def _evaluate(self) -> dict[str, float]:
        for module in self.job.modules.values():
            module.eval()
        with torch.no_grad():
            figures = self.job.evaluate(torch.Generator().manual_seed(self.config.seed))
        for module in self.job.modules.values():
            module.train()
        return figures

    def _report(
        self,
        writer: SummaryWriter,
        kind: str,
        figures: Mapping[str, float | Tensor],
        steps_per_s: float | None = None,
    ) -> None:
        values = {name: float(value) for name, value in figures.items()}
        for name, value in values.items():
            writer.add_scalar(f"{kind}/{name}", value, self.step)
        text = " ".join(f"{name} {value:.4g}" for name, value in values.items())
        speed = "" if steps_per_s is None else f" | {steps_per_s:.2f} steps/s"
        logger.info(
            "%s %s step %d (%.0f %%) %s%s | %.0f min left",
            self.job.name, kind, self.step, 100 * self.progress, text, speed, self._minutes_left(),
        )  # fmt: skip

    def _minutes_left(self) -> float:
        progress = self.progress
        return 0.0 if progress == 0 else self.trained_s / 60 * (1 - progress) / progress

    def _save(self) -> None:
        state = {
            "modules": {name: module.state_dict() for name, module in self.job.modules.items()},
            "optimisers": {name: o.state_dict() for name, o in self.job.optimisers.items()},
            "generator": self.rng.get_state(),
            "step": self.step,
            "trained_s": self.trained_s,
        }
        write_atomically(self.folder / STATE_NAME, lambda path: torch.save(state, path))

    def _resume(self) -> None:
        path = self.folder / STATE_NAME
        if not path.is_file():
            return
        try:
            state = torch.load(path, weights_only=True, map_location="cpu")
            for name, module in self.job.modules.items():
                module.load_state_dict(state["modules"][name])
            for name, optimiser in self.job.optimisers.items():
                optimiser.load_state_dict(state["optimisers"][name])
        except (
            RuntimeError,
            KeyError,
            ValueError,
            OSError,
            EOFError,
            pickle.UnpicklingError,
        ) as error:
            raise CheckpointError(
                f"{path} does not fit this training ({error}); move it away to start anew"
            ) from error
        self.rng.set_state(state["generator"])
        self.step, self.trained_s = state["step"], state["trained_s"]
        logger.info("%s: resumed at step %d", self.job.name, self.step)


@contextlib.contextmanager
def _stop_signals(run: _Run) -> Iterator[None]:
    """While training, SIGTERM and SIGINT ask for a checkpoint instead of ending the process."""

    def request_stop(_number: int, _frame: FrameType | None) -> None:
        run.stop_requested = True

    try:
        previous = {
            number: signal.signal(number, request_stop)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
    except ValueError:  # not the main thread: nobody sends us signals there
        yield
        return
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
