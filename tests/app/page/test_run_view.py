import io
import wave
from typing import Any

import pytest

from app.backend.job import Emitted, Progress, Waiting
from app.page.run_view import RunView
from pipeline.synthesis.cost import TimeLeft
from tests.app.page.desk import SCRIPT, WICKED, Desk
from tests.app.tone_pipeline import TonePipeline


@pytest.fixture
def view(desk: Desk) -> RunView:
    return RunView(desk.result, TimeLeft({"semantic": 10.0}), {"S1": WICKED, "S2": "Ben"}, True)


def _status(desk: Desk, view: RunView, event: Any) -> str:
    return str(view.show(event)[desk.result.status])


def test_the_place_in_the_queue_is_told_in_words(desk: Desk, view: RunView) -> None:
    assert "It is your turn" in _status(desk, view, Waiting(position=0, wait_s=0.0))
    assert "You are next; it begins in about 3 s" in _status(
        desk, view, Waiting(position=1, wait_s=3.0)
    )
    assert "2 others are before you" in _status(desk, view, Waiting(position=3, wait_s=3.0))


def test_progress_is_a_bar_and_the_time_left(desk: Desk, view: RunView) -> None:
    shown = _status(desk, view, Progress(stage="semantic", done=1, total=2))
    assert "Choosing how it is said, " in shown
    assert 'value="22"' in shown


@pytest.mark.parametrize("has_ffmpeg", [True, False])
def test_turns_are_rows_and_sound_as_they_come(
    has_ffmpeg: bool, desk: Desk, pipeline: TonePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: "there" if has_ffmpeg else None)
    view = RunView(desk.result, TimeLeft({}), {"S1": WICKED}, is_streamed=True)
    assert not view.begin()[desk.result.live].visible
    progress = view.show(Progress(stage="semantic", done=0, total=1))
    assert (desk.result.live in progress) is has_ffmpeg
    for number, turn in enumerate(pipeline.stream(SCRIPT), start=1):
        shown = view.show(Emitted(value=turn))
        rows = shown[desk.result.table]["rows"]
        assert len(rows) == number
        assert rows[0]["speaker"] == WICKED, "raw: the table's template escapes"
        assert (desk.result.live in shown) is has_ffmpeg
        if has_ffmpeg:
            with wave.open(io.BytesIO(shown[desk.result.live])) as file:
                assert file.getframerate() == 16_000
                assert file.getnframes() == len(turn.mix.samples)
