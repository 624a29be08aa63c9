"""What the page remembers of a visitor while their tab is open: the job to cancel, its failure.

Keyed by the visit's unguessable session id, so that nobody meets another's.
"""

import threading
from dataclasses import dataclass, field


@dataclass
class _Visit:
    stop: threading.Event = field(default_factory=threading.Event)
    message: str = ""


class Visits:
    """Open visits; safe to use from several threads."""

    def __init__(self) -> None:
        self._visits: dict[str, _Visit] = {}
        self._lock = threading.Lock()

    def begin(self, visitor: str) -> threading.Event:
        """Start a job.

        Returns:
            A flag of this job's own, set when the visitor cancels it or leaves.
        """
        with self._lock:
            visit = self._visits.setdefault(visitor, _Visit())
            visit.stop = threading.Event()
            visit.message = ""
            return visit.stop

    def cancel(self, visitor: str) -> None:
        """Ask the visitor's latest job to stop; no job, no effect."""
        with self._lock:
            if visitor in self._visits:
                self._visits[visitor].stop.set()

    def set_message(self, visitor: str, message: str) -> None:
        """Keep why the latest job failed."""
        with self._lock:
            self._visits.setdefault(visitor, _Visit()).message = message

    def message(self, visitor: str) -> str:
        """Why the latest job failed; empty if it did not."""
        with self._lock:
            return self._visits[visitor].message if visitor in self._visits else ""

    def forget(self, visitor: str) -> None:
        """The visitor left: stop their job."""
        with self._lock:
            visit = self._visits.pop(visitor, None)
        if visit is not None:
            visit.stop.set()
