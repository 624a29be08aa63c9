"""Kinds of events: what `click` and the like are given beside function, inputs and outputs."""

from typing import Any

QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden"}
"""Answered beside the queue. It must not fail: the page shows the errors of queued events alone."""

PRIVATE: dict[str, Any] = {**QUIET, "api_visibility": "private"}
"""The same, of no use to programs."""

LATEST: dict[str, Any] = {**PRIVATE, "trigger_mode": "always_last"}
"""The same, told again and again: what came last counts."""

TOLD: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden"}
"""May be refused, which is shown as a notice."""

ONCE: dict[str, Any] = {**TOLD, "trigger_mode": "once"}
"""The same, not begun again while it goes on."""
