import gradio as gr
import pytest

from app.studio import Studio
from app.web import build_demo, serve
from pipeline.config import MAX_SPEAKERS
from pipeline.errors import CheckpointError

PUBLIC = {"/check_script", "/sample_script", "/roll_seed", "/generate", "/cancel"}


def test_the_page_names_its_endpoints(studio: Studio) -> None:
    endpoints = build_demo(studio).get_api_info()["named_endpoints"]
    assert set(endpoints) == PUBLIC


def test_every_event_has_a_name_and_speech_runs_one_at_a_time(studio: Studio) -> None:
    functions = build_demo(studio).fns.values()
    unnamed = [fn for fn in functions if not fn.api_name and ("unload" not in str(fn.targets))]
    assert unnamed == []
    (generate,) = [fn for fn in functions if fn.api_name == "generate"]
    assert (generate.concurrency_limit, generate.concurrency_id) == (1, "speech")


def test_every_control_has_a_label(studio: Studio) -> None:
    kinds = (gr.Textbox, gr.Dropdown, gr.Number, gr.Slider, gr.Audio, gr.File)
    controls = [block for block in build_demo(studio).blocks.values() if isinstance(block, kinds)]
    assert len([block for block in controls if isinstance(block, gr.Dropdown)]) == MAX_SPEAKERS + 1
    assert all(control.label for control in controls)


def test_missing_weights_end_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(model: str, device: str) -> Studio:
        raise CheckpointError("no weights")

    monkeypatch.setattr("app.web.load_studio", refuse)
    assert serve() == 1
    assert capsys.readouterr().err == "error: no weights\n"
