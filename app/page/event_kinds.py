"""Kinds of events: what `click` and the like are given beside function, inputs and outputs."""

from typing import Any

QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden"}
"""Answered beside the queue. It must not fail: the page shows the errors of queued events alone."""

PRIVATE: dict[str, Any] = {**QUIET, "api_visibility": "private"}
"""The same, of no use to programs."""

TOLD: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden"}
"""May be refused, which is shown as a notice."""
