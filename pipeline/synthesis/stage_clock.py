"""Seconds and progress of each stage, for `Dialogue.stage_seconds` and `on_progress`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.datatypes.progress import ProgressCallback

STAGES = ("read", "semantic", "acoustic", "waveform", "check", "mix")
"""Names of the stages in the order they run."""


class StageClock:
    """Times stages by the wall clock and tells a listener about them.

    A stage may run several times, on one batch of turns after another: its seconds add up, and
    what it reports grows from 0 to 1 over all of them.

    Args:
        on_progress: the listener; it may raise `CancelledError` to stop the work.
    """

    def __init__(self, on_progress: ProgressCallback | None) -> None:
        self._on_progress = on_progress
        self._last: tuple[str, int, int] | None = None
        self._parts: dict[str, tuple[int, int, int]] = {}
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, done: int, size: int, *, of: int, stage: str | None = None) -> Iterator[None]:
        """Say which part of the work the body is: `size` of `of` units, after `done` of them.

        Args:
            done: units of work before the body.
            size: units that the body does.
            of: units in all, at least 1.
            stage: the only one this is about; `None`: every stage.
        """
        before = self._parts
        stages = STAGES if stage is None else (stage,)
        self._parts = before | dict.fromkeys(stages, (done, size, of))
        try:
            yield
        finally:
            self._parts = before

    def report(self, stage: str, done: int, total: int) -> None:
        """Pass progress on; it has the form of a `ProgressCallback`."""
        if self._on_progress is not None:
            before, size, whole = self._parts.get(stage, (0, 1, 1))
            if size == whole:
                self._last = (stage, done, total)
            else:
                self._last = (stage, before * total + size * done, whole * total)
            self._on_progress(*self._last)

    def ask(self) -> "StageClock":
        """A clock for side work: its reports only ask the listener whether to go on."""

        def repeat(stage: str, done: int, total: int) -> None:
            if self._on_progress is not None and self._last is not None:
                self._on_progress(*self._last)

        return StageClock(repeat)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body, and report its beginning and its end."""
        assert name in STAGES, name
        begun = time.perf_counter()
        self.report(name, 0, 1)
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun
        self.report(name, 1, 1)
