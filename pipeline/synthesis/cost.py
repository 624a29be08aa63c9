"""How long a script will take and how much memory, before and while it is spoken.

A cost model has few coefficients, all measured on the machine at hand: seconds for a script, for a
turn and for a second of speech, and memory at rest and for a second of speech in a batch.
"""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pipeline.datatypes.script import Script
from pipeline.synthesis.batches import WHOLE_BATCH_S

COST_VERSION = 1
"""Changes with what the coefficients mean, or with code that changes them much."""

PRIOR_SHARE = 0.05
"""How much of a script must be spoken until what was measured counts as much as the estimate."""

PRIOR_S = 1.0
"""The same in seconds, for short scripts: a first run waits about so long for the engine alone."""

NOT_OF_THE_SCRIPT = "read"
"""What this stage takes depends on recordings that become voices, and tells nothing of others."""

NEW_SHARE = 0.3
"""Share of the latest run in the running average of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSize:
    """What costs time: turns, letters said, and seconds of speech as judged by the letters."""

    n_turns: int
    n_characters: int
    speech_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """What one script took.

    Attributes:
        size: of the script.
        stage_seconds: of each stage.
        sound_s: how long it sounds.
        peak_mb: most memory the process had held by its end.
    """

    size: ScriptSize
    stage_seconds: Mapping[str, float]
    sound_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModel:
    """What speaking costs on one machine with one set of weights.

    Attributes:
        load_s: to start and to read the weights.
        script_s, turn_s, speech_s: for a script, for each turn, for each second of speech.
        base_mb, speech_mb: memory at rest, and for each second of speech that is made together.
        sound_ratio: seconds of sound for a second of speech as judged by the letters.
        stage_shares: share of each stage in the time.
    """

    load_s: float
    script_s: float
    turn_s: float
    speech_s: float
    base_mb: float
    speech_mb: float
    sound_ratio: float
    stage_shares: Mapping[str, float]

    def seconds(self, size: ScriptSize) -> float:
        """How long speaking takes, reading the weights apart."""
        return self.script_s + self.turn_s * size.n_turns + self.speech_s * size.speech_s

    def stage_seconds(self, size: ScriptSize) -> dict[str, float]:
        """How long each stage takes."""
        seconds = self.seconds(size)
        return {stage: share * seconds for stage, share in self.stage_shares.items()}

    def peak_mb(self, size: ScriptSize) -> float:
        """Most memory held: what is made together is bounded, however long the script."""
        return self.base_mb + self.speech_mb * min(size.speech_s, WHOLE_BATCH_S)

    def corrected(self, run: MeasuredRun) -> "CostModel":
        """The model with another run in its running average."""
        spent = sum(run.stage_seconds.values())
        slower = _averaged(spent / max(self.seconds(run.size), 1e-6))
        larger = _averaged(run.peak_mb / max(self.peak_mb(run.size), 1e-6))
        ratio = run.sound_s / max(run.size.speech_s, 1e-6)
        return replace(
            self,
            script_s=self.script_s * slower,
            turn_s=self.turn_s * slower,
            speech_s=self.speech_s * slower,
            base_mb=self.base_mb * larger,
            speech_mb=self.speech_mb * larger,
            sound_ratio=(1 - NEW_SHARE) * self.sound_ratio + NEW_SHARE * ratio,
        )


def fit_cost(load_s: float, runs: Sequence[MeasuredRun]) -> CostModel:
    """The model that explains measured runs best, no coefficient below zero.

    Args:
        load_s: seconds to start and to read the weights.
        runs: in the order they were made, which is that of their memory; the last and largest one
            tells the shares of the stages.
    """
    rows = np.array([[1.0, run.size.n_turns, run.size.speech_s] for run in runs])
    spent = np.array([sum(run.stage_seconds.values()) for run in runs])
    memory_rows = np.array([[1.0, min(run.size.speech_s, WHOLE_BATCH_S)] for run in runs])
    script_s, turn_s, speech_s = _least_squares(rows, spent)
    base_mb, speech_mb = _least_squares(memory_rows, np.array([run.peak_mb for run in runs]))
    largest = runs[-1]
    return CostModel(
        load_s=load_s,
        script_s=script_s,
        turn_s=turn_s,
        speech_s=speech_s,
        base_mb=base_mb,
        speech_mb=speech_mb,
        sound_ratio=sum(run.sound_s for run in runs) / sum(run.size.speech_s for run in runs),
        stage_shares={
            stage: seconds / spent[-1] for stage, seconds in largest.stage_seconds.items()
        },
    )


def cost_to_dict(model: CostModel) -> dict[str, Any]:
    """The model as JSON values."""
    return asdict(model)


def cost_from_dict(values: Mapping[str, Any]) -> CostModel:
    """What `cost_to_dict` gave.

    Raises:
        ValueError: if it is something else.
    """
    try:
        shares = {str(stage): float(share) for stage, share in values["stage_shares"].items()}
        numbers = {name: float(value) for name, value in values.items() if name != "stage_shares"}
        model = CostModel(**numbers, stage_shares=shares)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a cost model ({error!r})") from error
    if (
        min(*numbers.values(), *shares.values()) < 0
        or model.seconds(ScriptSize(n_turns=1, n_characters=1, speech_s=1.0)) <= 0
    ):
        raise ValueError(f"not a cost model: costs of {numbers}")
    return model


class TimeLeft:
    """Seconds left of a run: from the estimate first, more and more from what the run itself takes.

    Args:
        expected: seconds of each stage of the whole script, as estimated.
        now: a clock, in seconds.
    """

    def __init__(
        self, expected: Mapping[str, float], now: Callable[[], float] = time.perf_counter
    ) -> None:
        self._expected, self._now = dict(expected), now
        self._prior = max(PRIOR_SHARE, PRIOR_S / max(sum(expected.values()), 1e-9))
        self._before = now()
        self._begun: dict[str, float] = {}
        self._done: dict[str, float] = {}
        self._spent: dict[str, float] = {}

    def left(self, stage: str, done: int, total: int) -> float:
        """Take note of a stage's progress, as a `ProgressCallback`, and give the seconds left."""
        share = done / max(total, 1)
        self._begun.setdefault(stage, share)
        self._done[stage] = share
        now = self._now()
        self._spent[stage] = self._spent.get(stage, 0.0) + now - self._before
        self._before = now
        speed = self._slowness()
        return sum(
            self._stage_left(name, seconds * speed) for name, seconds in self._expected.items()
        )

    def spent(self) -> dict[str, float]:
        """Seconds of each stage so far."""
        return dict(self._spent)

    def _made(self, stage: str) -> float:
        """Share of a stage that was done in this run."""
        return self._done.get(stage, 0.0) - self._begun.get(stage, 0.0)

    def _slowness(self) -> float:
        """How much longer things take than expected."""
        told = [stage for stage in self._expected if stage != NOT_OF_THE_SCRIPT]
        doubt = self._prior * sum(self._expected.values())
        due = sum(self._expected[stage] * self._made(stage) for stage in told)
        spent = sum(self._spent.get(stage, 0.0) for stage in told)
        return (doubt + spent) / max(doubt + due, 1e-9)

    def _stage_left(self, stage: str, expected_s: float) -> float:
        spent, made = self._spent.get(stage, 0.0), self._made(stage)
        whole = (self._prior * expected_s + spent) / (self._prior + made)
        return whole * (1.0 - self._done.get(stage, 0.0))


def _averaged(ratio: float) -> float:
    return 1.0 + NEW_SHARE * (ratio - 1.0)


def _least_squares(rows: Any, values: Any) -> list[float]:
    """Coefficients of no less than zero; few, so that every choice of zeros can be tried."""
    n_columns = rows.shape[1]
    best, smallest = [0.0] * n_columns, float("inf")
    for n_used in range(1, n_columns + 1):
        for used in itertools.combinations(range(n_columns), n_used):
            found = np.linalg.lstsq(rows[:, used], values, rcond=None)[0]
            error = float(np.square(rows[:, used] @ found - values).sum())
            if (found >= 0).all() and error < smallest:
                smallest, best = error, [0.0] * n_columns
                for column, coefficient in zip(used, found, strict=True):
                    best[column] = float(coefficient)
    return best


USUAL_COST = CostModel(
    load_s=3.0,
    script_s=0.3,
    turn_s=0.02,
    speech_s=0.062,
    base_mb=560.0,
    speech_mb=4.0,
    sound_ratio=1.0,
    stage_shares={
        "read": 0.01,
        "semantic": 0.27,
        "acoustic": 0.61,
        "waveform": 0.06,
        "check": 0.04,
        "mix": 0.01,
    },
)
"""Where nothing was measured yet: about what `benchmarks/speed.py` found with the shipped weights
on two cores."""


def size_of_script(script: Script, speech_s: float) -> ScriptSize:
    """What of a script costs time.

    Args:
        script: to be spoken.
        speech_s: about how long it will sound.
    """
    return ScriptSize(
        n_turns=len(script.turns),
        n_characters=sum(len(turn.spoken_text) for turn in script.turns),
        speech_s=speech_s,
    )
