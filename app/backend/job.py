"""One piece of work in the queue: where it is, what it has given so far, how it ended."""

import asyncio
import contextlib
import contextvars
import math
import threading
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from pipeline.errors import CancelledError

T = TypeVar("T")

Outcome = Literal["done", "failed", "cancelled"]

_TOLD_SHARE, _TOLD_MOST_S = 0.1, 15.0
"""A run that waits is told anew of its place after this share of its wait, and at most so long:
what a page shows costs its server time, and with fifty waiting that was most of a core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A run's place in the queue has changed.

    Attributes:
        position: 0 once it runs, 1 if it is next.
        wait_s: expected seconds until it begins.
    """

    position: int
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a stage of a running run is; see `pipeline.datatypes.progress.ProgressCallback`."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """Something that a run has passed on before its end."""

    value: Any


class _Queue(Protocol):
    def position_of(self, run: "Run[Any]") -> int | None: ...
    def wait_of(self, run: "Run[Any]") -> float: ...
    def withdraw(self, run: "Run[Any]") -> bool: ...
    def announce(self, run: "Run[Any]") -> None: ...


class Run(Generic[T]):
    """Work that waits, computes or is over; made by `RunQueue.submit`. Safe to use from threads.

    Attributes:
        expected_s: about how many seconds it takes.
        owner: whose it is.
        door: by which it came.
        sound_s: seconds of sound it has made, for whoever counts; the work sets it.
    """

    def __init__(
        self,
        queue: _Queue,
        work: Callable[["Run[T]"], T],
        expected_s: float,
        owner: str,
        door: str,
        context: contextvars.Context,
    ) -> None:
        self.expected_s, self.owner, self.door = expected_s, owner, door
        self.sound_s = 0.0
        self._queue = queue
        self._work: Callable[[Run[T]], T] | None = work
        self._context: contextvars.Context | None = context
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._submitted = time.monotonic()
        self._begun: float | None = None
        self._ended: float | None = None
        self._cancelled = False
        self._outcome: Outcome | None = None
        self._value: T | None = None
        self._error: BaseException | None = None
        self._progress: Progress | None = None
        self._emitted: list[Any] = []
        self._watchers: list[Callable[[], None]] = []

    @property
    def position(self) -> int | None:
        """0 while it computes, 1 if it is next, 2 behind that one; `None` when it is over."""
        return self._queue.position_of(self)

    @property
    def wait_s(self) -> float:
        """Expected seconds until it begins."""
        return self._queue.wait_of(self)

    @property
    def waited_s(self) -> float:
        """Seconds it has waited, or did."""
        until = self._begun or self._ended or time.monotonic()
        return until - self._submitted

    @property
    def spent_s(self) -> float:
        """Seconds it has computed, or did."""
        begun = self._begun
        return 0.0 if begun is None else (self._ended or time.monotonic()) - begun

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; `None` before."""
        return self._outcome

    @property
    def is_cancelled(self) -> bool:
        """Whether someone has asked it to stop."""
        return self._cancelled

    def progress(self, stage: str, done: int, total: int) -> None:
        """Take note of how far the work is; a `ProgressCallback`.

        Raises:
            CancelledError: if the run was cancelled.
        """
        self._refuse_when_cancelled()
        self._progress = Progress(stage=stage, done=done, total=total)

    def emit(self, value: Any) -> None:
        """Pass something on to whoever watches.

        Raises:
            CancelledError: if the run was cancelled.
        """
        self._refuse_when_cancelled()
        with self._lock:
            self._emitted.append(value)
        self._wake()

    def cancel(self) -> None:
        """Stop it: at once if it waits, at its next progress if it computes.

        A run whose work ends all the same after that still counts as cancelled.
        """
        with self._lock:
            if self._outcome is not None:
                return
            self._cancelled = True
        if self._queue.withdraw(self):
            self._end("cancelled", None, _cancelled())

    def result(self, timeout_s: float | None = None) -> T:
        """Wait for the end and give what the work gave.

        Args:
            timeout_s: `None`: for ever.

        Raises:
            TimeoutError: if it is not over by then.
            CancelledError: if it was cancelled.
        """
        if not self._over.wait(timeout_s):
            raise TimeoutError(f"the run is not over after {timeout_s} s")
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # T may be None itself

    async def watch(
        self, interval_s: float = 0.25
    ) -> AsyncGenerator[Waiting | Progress | Emitted, None]:
        """Give what changes until the run is over, without a thread that waits.

        Every emitted value is given, from the first one, in order; of progress and place in the
        queue, what is the latest. A place far from the front is told less often than one near it;
        that the run begins is told at once. Closing the iterator does not cancel the run.

        Args:
            interval_s: how often to look after progress and place.
        """
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody watches any more
                loop.call_soon_threadsafe(changed.set)

        with self._lock:
            self._watchers.append(wake)
        n_given, shown_place, shown_progress, tell_at = 0, (-1, 0), None, 0.0
        try:
            while True:
                is_over = self._over.is_set()  # first: whatever was emitted before is found below
                if (place := self._place()) is not None:
                    key = (place.position, math.ceil(place.wait_s))
                    is_time = place.position == 0 or time.monotonic() >= tell_at
                    if key != shown_place and is_time:
                        shown_place = key
                        rest_s = min(_TOLD_MOST_S, _TOLD_SHARE * place.wait_s)
                        tell_at = time.monotonic() + rest_s
                        yield place
                while n_given < len(self._emitted):
                    n_given += 1
                    yield Emitted(value=self._emitted[n_given - 1])
                if self._progress is not shown_progress and self._progress is not None:
                    shown_progress = self._progress
                    yield shown_progress
                if is_over:
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(interval_s):
                        await changed.wait()
                changed.clear()
        finally:
            with self._lock:
                self._watchers.remove(wake)

    def perform(self, leave: Callable[["Run[T]", bool], None]) -> None:
        """Compute; called by the queue alone.

        Args:
            leave: told of the run, and whether it was whole, when it has left the queue's list.
        """
        work, context = self._work, self._context
        assert work is not None, "a run is performed once"
        assert context is not None, "a run is performed once"
        self._begun = time.monotonic()
        self._wake()
        value: T | None = None
        error: BaseException | None = None
        outcome: Outcome = "done"
        try:
            self._refuse_when_cancelled()
            value = context.run(work, self)
        except CancelledError as stop:
            outcome, error = "cancelled", stop
        except BaseException as failure:  # noqa: BLE001 - whatever it is, someone waits for it
            outcome, error = "failed", failure
        self._end(outcome, value, error, leave)

    def _end(
        self,
        outcome: Outcome,
        value: T | None,
        error: BaseException | None,
        leave: Callable[["Run[T]", bool], None] | None = None,
    ) -> None:
        with self._lock:
            if self._cancelled:
                outcome, value = "cancelled", None
                error = error if isinstance(error, CancelledError) else _cancelled()
            self._outcome, self._value, self._error = outcome, value, error
            self._ended = time.monotonic()
            self._work = self._context = None
        if leave is not None:
            leave(self, outcome == "done")
        self._queue.announce(self)
        self._over.set()
        self._wake()

    def _refuse_when_cancelled(self) -> None:
        if self._cancelled:
            raise _cancelled()

    def _place(self) -> Waiting | None:
        position = self.position
        return None if position is None else Waiting(position=position, wait_s=self.wait_s)

    def _wake(self) -> None:
        with self._lock:
            watchers = list(self._watchers)
        for wake in watchers:
            wake()


def _cancelled() -> CancelledError:
    return CancelledError("cancelled; nothing was kept")
