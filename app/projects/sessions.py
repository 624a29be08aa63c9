"""What is known of open pages: why the last run failed, and which workspaces are theirs.

Keyed by the visit's unguessable session id, so that nobody meets another's.
"""

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class _Visit:
    message: str = ""
    tokens: set[str] = field(default_factory=set)


class Visits:
    """Open visits; safe to use from several threads."""

    def __init__(self) -> None:
        self._visits: dict[str, _Visit] = {}
        self._lock = threading.Lock()

    def set_message(self, visitor: str, message: str) -> None:
        """Keep why the latest run failed."""
        with self._lock:
            self._visits.setdefault(visitor, _Visit()).message = message

    def message(self, visitor: str) -> str:
        """Why the latest run failed; empty if it did not."""
        with self._lock:
            return self._visits[visitor].message if visitor in self._visits else ""

    def own(self, visitor: str, token: str) -> None:
        """Remember that a workspace is this visitor's."""
        with self._lock:
            self._visits.setdefault(visitor, _Visit()).tokens.add(token)

    def forget(self, visitor: str) -> set[str]:
        """The visitor left.

        Returns:
            The workspaces that were theirs and are nobody else's.
        """
        with self._lock:
            visit = self._visits.pop(visitor, None)
            others = (each.tokens for each in self._visits.values())
            return visit.tokens.difference(*others) if visit is not None else set()


def visitor_of(request: Any) -> str:
    """The session of a request."""
    return str(getattr(request, "session_hash", None) or "nobody")
