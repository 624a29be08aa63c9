"""Sample scripts that are spoken ahead, and opened by whoever chooses one."""

import csv
import io
import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from app.backend.checks import FIRST_SEED
from tests.app.live_page import live_page
from tests.app.page.desk import SCRIPT, Desk, visitor


def test_a_sample_is_spoken_as_the_untouched_form_speaks_it(desk: Desk) -> None:
    path = desk.samples.speak(SCRIPT)
    by_hand, _ = desk.speak(seed=FIRST_SEED)
    token = desk.workspaces.open().token
    shown = desk.take_away.open_project(path, token, visitor("bob"))
    opened = desk.project(token)
    np.testing.assert_array_equal(opened.dialogue.mix.samples, by_hand.dialogue.mix.samples)
    assert opened.form == by_hand.form
    assert shown[desk.form.script.text] == SCRIPT
    assert "Opened: " in desk.status(shown)


def test_two_visitors_open_it_and_neither_takes_it_away(desk: Desk) -> None:
    path = desk.samples.speak(SCRIPT)
    tokens = [desk.workspaces.open().token for _ in range(2)]
    for token in tokens:
        desk.take_away.open_project(path, token, visitor(token))
        desk.workspaces.open(token).remove()
    assert Path(path).is_file()
    assert desk.project(tokens[0]).number != desk.project(tokens[1]).number


def test_a_script_that_cannot_be_read_is_told(desk: Desk) -> None:
    with pytest.raises(gr.Error, match="Line 1"):
        desk.samples.speak("Anna: ?!")


def test_a_queue_that_takes_no_more_is_told(desk: Desk) -> None:
    desk.queue.close()
    with pytest.raises(gr.Error, match="stopping"):
        desk.samples.speak(SCRIPT)


@pytest.mark.parametrize("mode", ["eager", "lazy"])
def test_where_examples_are_cached_each_sample_is_spoken_once(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_CACHE_EXAMPLES", "true")
    monkeypatch.setenv("GRADIO_CACHE_MODE", mode)
    monkeypatch.setenv("GRADIO_EXAMPLES_CACHE", str(tmp_path / "examples"))
    (tmp_path / "small_talk.txt").write_text(SCRIPT, encoding="utf-8")
    with live_page(tmp_path) as page:
        spoken = [page.client(name).predict(0, api_name="/sample_script") for name in ("a", "b")]
    first, second = (Path(path).read_bytes() for path in spoken)
    assert first == second
    assert zipfile.is_zipfile(io.BytesIO(first))
    (log,) = (tmp_path / "examples").glob("*/log.csv")
    assert len(list(csv.reader(log.read_text(encoding="utf-8").splitlines()))) == 2, "head, run"
