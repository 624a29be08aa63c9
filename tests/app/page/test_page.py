from collections.abc import Iterator

import gradio as gr
import pytest

from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.page.backstage import build_backstage
from app.page.page import build_demo
from pipeline.config.limits import MAX_SPEAKERS

FOR_PROGRAMS = {"/speak", "/voices", "/estimate", "/parse"}
WRITING = {
    "/sample_script",
    "/check_script",
    "/add_turn",
    "/remove_turn",
    "/move_turn_up",
    "/move_turn_down",
    "/merge_turn",
    "/split_turn",
    "/set_turn_options",
    "/respell_word",
    "/open_file",
}
VOICES = {"/listen", "/judge_recording", "/save_voice"}
SPEAKING = {"/roll_seed", "/generate", "/update", "/redo_turn", "/redo_span", "/cancel", "/export"}
TURNS = {"/select_turn", "/play_turn", "/lock_turn", "/choose_take", "/undo"}
RUNS = {"generate", "update", "redo_turn", "redo_span", "turn_action", "speak"}
"""Events whose work the queue orders."""


@pytest.fixture
def demo(pool: PipelinePool) -> Iterator[gr.Blocks]:
    queue = RunQueue()
    yield build_demo(build_backstage(pool, queue, (60.0, 60.0)))
    queue.close()


def test_the_page_names_its_endpoints_and_says_what_each_does(demo: gr.Blocks) -> None:
    endpoints = demo.get_api_info()["named_endpoints"]
    assert set(endpoints) == FOR_PROGRAMS | WRITING | VOICES | SPEAKING | TURNS
    undocumented = [name for name, about in endpoints.items() if not about.get("description")]
    assert undocumented == []


def test_every_event_has_a_name(demo: gr.Blocks) -> None:
    functions = demo.fns.values()
    assert [fn for fn in functions if not fn.api_name and "unload" not in str(fn.targets)] == []


def test_gradio_holds_back_no_run_as_the_queue_orders_them(demo: gr.Blocks) -> None:
    runs = {fn.api_name: fn.concurrency_limit for fn in demo.fns.values() if fn.api_name in RUNS}
    assert runs == dict.fromkeys(RUNS)


def test_every_control_has_a_label(demo: gr.Blocks) -> None:
    kinds = (gr.Textbox, gr.Dropdown, gr.Number, gr.Slider, gr.Audio, gr.File, gr.Checkbox)
    controls = [block for block in demo.blocks.values() if isinstance(block, kinds)]
    assert len([block for block in controls if isinstance(block, gr.Audio)]) > MAX_SPEAKERS
    assert [control for control in controls if not control.label] == []
