from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from app.handlers import MADE_UP, OWN_RECORDING
from app.page_events import PageEvents, message_html, show_recorder, turn_table, voice_choices
from app.studio import Studio
from pipeline.config import MAX_SPEAKERS
from tests.app.conftest import TonePipeline

SCRIPT = "Anna: Hello.\nBen: Hi."
ROWS = ("anna", "ben", "anna", "ben", None, None, None, None)


def _visitor(name: str) -> Any:
    return SimpleNamespace(session_hash=name)


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


def _ignore_progress(share: float, desc: str) -> None:
    assert 0 <= share <= 1
    assert desc


def _generate(events: PageEvents, text: str = SCRIPT, visitor: str = "ann") -> list[Any]:
    progress: Any = _ignore_progress
    return events.generate(text, 7, 2, _visitor(visitor), progress, *ROWS)


def test_one_row_is_shown_for_each_speaker(studio: Studio) -> None:
    updates = PageEvents(studio).check(SCRIPT)
    assert len(updates) == 1 + 2 * MAX_SPEAKERS
    groups = updates[1 : 1 + MAX_SPEAKERS]
    assert [group.visible for group in groups] == [True, True, False, False]
    assert updates[1 + MAX_SPEAKERS].label == "Voice of Anna (S1)"


def test_a_script_in_the_making_changes_no_row(studio: Studio) -> None:
    updates = PageEvents(studio).check("Anna: Hello.\nBen: ...")
    assert "Line 2" in updates[0]
    assert all(update == gr.skip() for update in updates[1:])


def test_an_unreadable_script_is_refused_before_the_queue(studio: Studio) -> None:
    checks = PageEvents(studio).validate("", 7, 0, *ROWS)
    assert len(checks) == 3 + len(ROWS)
    assert [check["is_valid"] for check in checks] == [False, *[True] * (2 + len(ROWS))]
    assert "empty" in checks[0]["message"]


def test_numbers_that_cannot_be_are_refused_before_the_queue(studio: Studio) -> None:
    checks = PageEvents(studio).validate(SCRIPT, 0.5, 99, *ROWS)
    assert [check["is_valid"] for check in checks[:3]] == [True, False, False]
    assert "The seed must" in checks[1]["message"]
    assert "retakes must" in checks[2]["message"]


def test_the_result_fills_every_output(studio: Studio, pipeline: TonePipeline) -> None:
    status, sound, table, downloads, _ = _generate(PageEvents(studio))
    assert pipeline.options.max_retakes == 2
    assert "seed 7" in status
    assert sound.value["path"] == downloads[0]
    assert table.count("<td>") == 2 * 5


def test_an_error_is_shown_as_words_never_as_markup(studio: Studio) -> None:
    events = PageEvents(studio)
    with pytest.raises(gr.Error) as raised:
        _generate(events, "[S1] <?!>")
    assert "<?" not in str(raised.value.message)
    assert not raised.value.print_exception
    assert "line 1" in events.show_failure(_visitor("ann")).lower()
    assert "line 1" not in events.show_failure(_visitor("ben")).lower()


def test_cancel_stops_the_running_job_of_that_visitor(
    studio: Studio, pipeline: TonePipeline
) -> None:
    events = PageEvents(studio)
    pipeline.before_stage = lambda stage: _cancel_from_elsewhere(events)
    status, *others = _generate(events)
    assert "Cancelled" in status
    assert others == [gr.skip()] * 4
    assert len(_generate(events, visitor="ben")) == 5


def test_cancelling_a_waiting_job_is_no_failure(studio: Studio) -> None:
    events = PageEvents(studio)
    events.cancel(_visitor("ann"))
    assert "problem" not in events.show_failure(_visitor("ann"))


def _cancel_from_elsewhere(events: PageEvents) -> None:
    assert "Cancelled" in events.cancel(_visitor("ann"))


def test_files_lie_in_a_folder_of_their_own_that_nobody_can_guess(studio: Studio) -> None:
    events = PageEvents(studio)
    folders = {Path(path).parent for _ in range(2) for path in _generate(events)[3]}
    assert len(folders) == 2
    assert all(len(folder.name) == 40 for folder in folders)


def test_leaving_stops_the_visitors_job(studio: Studio, pipeline: TonePipeline) -> None:
    events = PageEvents(studio)
    pipeline.before_stage = lambda stage: events.leave(_visitor("ann"))
    assert "Cancelled" in _generate(events)[0]


def test_choices_name_every_voice_and_the_two_special_ones(studio: Studio) -> None:
    values = [value for _, value in voice_choices(studio)]
    assert values == ["anna", "ben", MADE_UP, OWN_RECORDING]


def test_the_recorder_shows_only_for_an_own_recording() -> None:
    assert show_recorder(OWN_RECORDING).visible
    assert not show_recorder("anna").visible


def test_messages_and_tables_are_escaped() -> None:
    assert "<script>" not in message_html("<script>")
    assert "<script>" not in turn_table([["1", "S1", "0.00", "1.00", "<script>"]])
