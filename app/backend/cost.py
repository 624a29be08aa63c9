"""What a script is expected to cost here: from the kept measurement, or a short new one."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from app.backend.cost_file import CostFile, cost_key, user_cost_file
from app.backend.pipeline_pool import PipelinePool
from app.environment import thread_count
from pipeline.datatypes.script import Script
from pipeline.synthesis.cost import (
    USUAL_COST,
    CostModel,
    MeasuredRun,
    ScriptSize,
    TimeLeft,
    fit_cost,
    size_of_script,
)

SHORT = "[S1] Good morning.\n[S2] Good morning."
MANY_TURNS = "\n".join(
    f"[S{1 + number % 2}] {text}"
    for number, text in enumerate(
        ["Is it open?", "Not yet, I am afraid.", "When, then?", "At nine.", "So late?", "It is."]
        * 2
    )
)
LONG_TURNS = "\n".join(
    f"[S{1 + number % 2}] Nobody had walked along the river since the bridge was closed, and the "
    "path that the children used to take was hardly to be seen under the leaves."
    for number in range(5)
)
SAMPLES = (SHORT, MANY_TURNS, LONG_TURNS)
"""Spoken to measure: the smallest first, as the peak of memory never falls."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a script would take.

    Attributes:
        size: turns, letters, speech.
        sound_s: how long it will sound.
        computing_s: to start, to read the weights and to speak.
        peak_mb: most memory held.
    """

    size: ScriptSize
    sound_s: float
    computing_s: float
    peak_mb: float


class Expectation:
    """Costs on this machine with a pool's weights.

    Args:
        pool: whose weights are judged.
        file: where costs are kept.
        n_threads: cores in use.
    """

    def __init__(self, pool: PipelinePool, file: CostFile, n_threads: int) -> None:
        self._pool, self._file = pool, file
        self.key = cost_key(pool.shared.conditions(), n_threads)

    def known(self) -> CostModel | None:
        """What was measured; `None` if nothing was."""
        return self._file.find(self.key)

    def cost(self) -> CostModel:
        """What was measured, or else what is usual."""
        return self.known() or USUAL_COST

    def stage_seconds(self, script: Script) -> dict[str, float]:
        """What progress begins from."""
        return self.cost().stage_seconds(self.size(script))

    def estimate(self, script: Script, model: CostModel) -> Estimate:
        """What a script would take."""
        size = self.size(script)
        return Estimate(
            size=size,
            sound_s=model.sound_ratio * size.speech_s,
            computing_s=model.load_s + model.seconds(size),
            peak_mb=model.peak_mb(size),
        )

    def size(self, script: Script) -> ScriptSize:
        """What of a script costs time."""
        return size_of_script(script, self._pool.shared.estimate_seconds(script))

    def measure(self, load_s: float) -> CostModel:
        """Speak a little and keep what it cost.

        Args:
            load_s: seconds that starting and reading the weights took.
        """
        runs = []
        with self._pool.borrow() as pipeline:
            pipeline.synthesize(SHORT)  # the first time, everything is made ready
            for text in SAMPLES:
                begun = time.perf_counter()
                dialogue = pipeline.synthesize(text)
                spent_s = time.perf_counter() - begun
                size = self.size(pipeline.parse(text))
                runs.append(_run(size, dialogue.stage_seconds, spent_s, dialogue.mix.duration_s))
        model = fit_cost(load_s, runs)
        self._file.keep(self.key, model)
        return model

    def learn(self, script: Script, stage_seconds: Mapping[str, float], sound_s: float) -> None:
        """Let a whole run correct what was measured; before any measurement, nothing is kept."""
        model = self.known()
        if model is not None:
            spent_s = sum(stage_seconds.values())
            run = _run(self.size(script), stage_seconds, spent_s, sound_s)
            self._file.keep(self.key, model.corrected(run))


def expectation_of(pool: PipelinePool) -> Expectation:
    """What scripts cost here: as kept in the user's cache folder, with the threads in use."""
    return Expectation(pool, CostFile(user_cost_file()), thread_count())


def expected_seconds(pool: PipelinePool, script: Script) -> float:
    """How long a script will take to be spoken here, as measured or as is usual."""
    expectation = expectation_of(pool)
    return expectation.cost().seconds(expectation.size(script))


def time_left_of(pool: PipelinePool, script: Script, slowness: float = 1.0) -> TimeLeft:
    """What tells the time left for a script: from what was measured here, or what is usual.

    Args:
        pool: speaks it.
        script: to be spoken.
        slowness: how many times longer than expected runs take now.
    """
    expected = expectation_of(pool).stage_seconds(script)
    return TimeLeft({stage: slowness * seconds for stage, seconds in expected.items()})


def _run(
    size: ScriptSize, stage_seconds: Mapping[str, float], spent_s: float, sound_s: float
) -> MeasuredRun:
    timed_s = max(sum(stage_seconds.values()), 1e-9)
    return MeasuredRun(
        size=size,
        stage_seconds={
            stage: seconds * spent_s / timed_s for stage, seconds in stage_seconds.items()
        },
        sound_s=sound_s,
        peak_mb=peak_memory_mb(),
    )


def peak_memory_mb() -> float:
    """Most memory this process has held so far."""
    import resource  # not there on every system that reads the command line

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
