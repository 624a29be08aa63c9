"""How the flow tells how far it is."""

from collections.abc import Callable

ProgressCallback = Callable[[str, int, int], None]
"""Called as `on_progress(stage, done, total)`; it may raise `CancelledError` to stop the work."""
