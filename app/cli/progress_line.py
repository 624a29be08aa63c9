"""Progress on stderr: on a terminal, one line that counts; elsewhere, a line for each stage."""

import sys
from collections.abc import Mapping

from app.backend.progress import STAGE_TITLES, ProgressMeter, format_time_left
from pipeline.synthesis.cost import TimeLeft


class ProgressLine:
    """A listener to progress.

    Args:
        expected: seconds of each stage, as estimated.
    """

    def __init__(self, expected: Mapping[str, float]) -> None:
        self._meter, self._time_left = ProgressMeter(), TimeLeft(expected)
        self._begun: set[str] = set()

    def show(self, stage: str, done: int, total: int) -> None:
        """Print how far the work is, and how long it will still take."""
        title = STAGE_TITLES[stage]
        share = self._meter.share(stage, done, total)
        left_s = self._time_left.left(stage, done, total)
        if sys.stderr.isatty():
            end = "\n" if stage == "mix" and done == total else ""
            line = f"{title} {100 * share:.0f} %, {format_time_left(left_s)}"
            _print(f"\r\033[K{line}{end}")
        elif stage not in self._begun:
            _print(f"{title} ...\n")
        self._begun.add(stage)

    def stage_seconds(self) -> dict[str, float]:
        """Seconds of each stage so far."""
        return self._time_left.spent()


def _print(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
