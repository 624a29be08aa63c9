"""The one queue for everything that computes: first in, first out, whichever door it came by."""

import contextvars
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from app.backend.job import Run
from app.backend.progress import format_seconds
from pipeline.errors import DialogueError

logger = logging.getLogger(__name__)

T = TypeVar("T")

_KEPT = 0.8
"""How much of the correction of expectations stays after another run."""


class QueueFullError(DialogueError):
    """No more runs can wait.

    Args:
        n_waiting: how many do.
        wait_s: seconds until about all of them are over.
    """

    def __init__(self, n_waiting: int, wait_s: float) -> None:
        are = "run is" if n_waiting == 1 else "runs are"
        super().__init__(
            f"{n_waiting} {are} waiting, about {format_seconds(wait_s)}; please try again then"
        )
        self.n_waiting, self.wait_s = n_waiting, wait_s


class QueueClosedError(DialogueError):
    """The queue takes no more runs, as the server stops."""


class RunQueue:
    """Runs wait here for one of a few threads; safe to use from several threads.

    Args:
        n_workers: runs that compute at the same time.
        max_waiting: runs that wait beside them; one more is refused.
    """

    def __init__(self, n_workers: int = 1, max_waiting: int = 20) -> None:
        assert n_workers > 0, n_workers
        self.n_workers, self.max_waiting = n_workers, max_waiting
        self._lock = threading.Condition(threading.RLock())
        self._waiting: deque[Run[Any]] = deque()
        self._running: list[Run[Any]] = []
        self._hooks: list[Callable[[Run[Any]], None]] = []
        self._refusal_hooks: list[Callable[[str], None]] = []
        self._slowness = 1.0
        self._closed = False
        self._workers = [
            threading.Thread(target=self._serve, name=f"run-{number}", daemon=True)
            for number in range(n_workers)
        ]
        for worker in self._workers:
            worker.start()

    def submit(
        self,
        work: Callable[[Run[T]], T],
        expected_s: float = 0.0,
        owner: str = "",
        door: str = "page",
    ) -> Run[T]:
        """Let a run wait for its turn.

        Args:
            work: computes; told of its run, to whose `progress` it should report. It sees the
                context variables of whoever submits it.
            expected_s: about how many seconds it takes.
            owner: whose it is, for `cancel_owner`.
            door: by which it came, for counting: "page", "api" or "mcp".

        Raises:
            QueueFullError: if as many wait as may.
            QueueClosedError: if the server stops.
        """
        run = Run(self, work, expected_s, owner, door, contextvars.copy_context())
        with self._lock:
            if self._closed:
                raise QueueClosedError("the server is stopping; try again once it is back")
            if self.n_running + self.n_waiting >= self.n_workers + self.max_waiting:
                for hook in self._refusal_hooks:
                    hook(door)
                raise QueueFullError(self.n_waiting, self._seconds_ahead(self.n_waiting))
            self._waiting.append(run)
            self._lock.notify()
        return run

    @property
    def n_waiting(self) -> int:
        """Runs that have not begun."""
        return len(self._waiting)

    @property
    def n_running(self) -> int:
        """Runs that compute."""
        return len(self._running)

    @property
    def slowness(self) -> float:
        """How many times longer than expected the latest runs took."""
        return self._slowness

    def runs(self) -> list[Run[Any]]:
        """Those that compute, and then those that wait, in order."""
        with self._lock:
            return [*self._running, *self._waiting]

    @property
    def is_able(self) -> bool:
        """Whether a run would be computed."""
        return not self._closed and all(worker.is_alive() for worker in self._workers)

    def on_finished(self, hook: Callable[[Run[Any]], None]) -> None:
        """Have every run told to a hook when it is over, before its `result` is handed out.

        Args:
            hook: must be quick, and not ask for the result.
        """
        with self._lock:
            self._hooks.append(hook)

    def on_refused(self, hook: Callable[[str], None]) -> None:
        """Have a hook told by which door a run came that the full queue refused.

        Args:
            hook: must be quick.
        """
        with self._lock:
            self._refusal_hooks.append(hook)

    def cancel_owner(self, owner: str) -> None:
        """Cancel whatever an owner has waiting or running; "" owns nothing."""
        if not owner:
            return
        for run in reversed(self.runs()):  # those that wait go first, so that none begins
            if run.owner == owner:
                run.cancel()

    def close(self) -> None:
        """Take no more runs and cancel all there are; the threads end with their runs."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
        for run in reversed(self.runs()):
            run.cancel()

    def position_of(self, run: Run[Any]) -> int | None:
        """See `Run.position`."""
        with self._lock:
            if run in self._running:
                return 0
            return self._waiting.index(run) + 1 if run in self._waiting else None

    def wait_of(self, run: Run[Any]) -> float:
        """See `Run.wait_s`."""
        with self._lock:
            position = self.position_of(run)
            return self._seconds_ahead(position - 1) if position else 0.0

    def withdraw(self, run: Run[Any]) -> bool:
        """Take a waiting run out of the queue; whether it was there."""
        with self._lock:
            if run not in self._waiting:
                return False
            self._waiting.remove(run)
            return True

    def announce(self, run: Run[Any]) -> None:
        """Tell the hooks of a run that is over."""
        with self._lock:
            hooks = list(self._hooks)
        for hook in hooks:
            try:
                hook(run)
            except Exception:
                logger.exception("a listener to finished runs failed")

    def _seconds_ahead(self, n_waiting: int) -> float:
        """Until the first so many waiting runs and all running ones are over, if all goes well."""
        running = [max(0.0, run.expected_s * self._slowness - run.spent_s) for run in self._running]
        waiting = [run.expected_s * self._slowness for run in list(self._waiting)[:n_waiting]]
        return sum(running + waiting) / self.n_workers

    def _serve(self) -> None:
        while self._perform_next():
            pass

    def _perform_next(self) -> bool:
        """Compute one run; in a function of its own, so that no thread holds on to a finished one.

        Returns:
            Whether there may be another.
        """
        with self._lock:
            while not self._waiting and not self._closed:
                self._lock.wait()
            if not self._waiting:
                return False
            run = self._waiting.popleft()
            self._running.append(run)
        run.perform(self._leave)
        return True

    def _leave(self, run: Run[Any], was_whole: bool) -> None:
        with self._lock:
            self._running.remove(run)
            if was_whole and run.expected_s > 0 and run.spent_s > 0:
                ratio = min(10.0, max(0.1, run.spent_s / run.expected_s))
                self._slowness = self._slowness**_KEPT * ratio ** (1 - _KEPT)
