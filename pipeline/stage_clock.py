"""Seconds and progress of each stage, for `Dialogue.stage_seconds` and `on_progress`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.datatypes import ProgressCallback

STAGES = ("read", "semantic", "acoustic", "waveform", "check", "mix")
"""Names of the stages in the order they run."""


class StageClock:
    """Times stages by the wall clock and tells a listener about them.

    Args:
        on_progress: the listener; it may raise `CancelledError` to stop the work.
    """

    def __init__(self, on_progress: ProgressCallback | None) -> None:
        self._on_progress = on_progress
        self.seconds: dict[str, float] = {}

    def report(self, stage: str, done: int, total: int) -> None:
        """Pass progress on; it has the form of a `ProgressCallback`."""
        if self._on_progress is not None:
            self._on_progress(stage, done, total)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body, and report its beginning and its end."""
        assert name in STAGES, name
        begun = time.perf_counter()
        self.report(name, 0, 1)
        yield
        self.seconds[name] = time.perf_counter() - begun
        self.report(name, 1, 1)
