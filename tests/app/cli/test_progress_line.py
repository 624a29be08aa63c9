import io
import sys

import pytest

from app.backend.progress import STAGE_TITLES, format_seconds, format_time_left
from app.cli.progress_line import ProgressLine
from pipeline.synthesis.stage_clock import STAGES

EXPECTED = {"semantic": 100.0, "acoustic": 300.0}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_every_stage_has_a_title() -> None:
    assert tuple(STAGE_TITLES) == STAGES


def test_a_terminal_shows_stage_share_and_time_left_on_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    line = ProgressLine(EXPECTED)
    line.show("semantic", 0, 1)
    line.show("mix", 1, 1)
    first, second = terminal.getvalue().split("\r\033[K")[1:]
    assert first == "choosing how it is said 0 %, about 7 min left"
    assert second.endswith("left\n")
    assert "\n" not in first


def test_elsewhere_a_stage_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine(EXPECTED)
    for done in range(3):
        line.show("acoustic", done, 3)
    assert capsys.readouterr().err == "giving it voices ...\n"
    assert set(line.stage_seconds()) == {"acoustic"}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0 s"), (119.0, "119 s"), (125.0, "2 min"), (3600.0, "60 min"), (7900.0, "2 h 12 min")],
)
def test_seconds_become_words(seconds: float, words: str) -> None:
    assert format_seconds(seconds) == words
    assert format_time_left(seconds) == f"about {words} left"
