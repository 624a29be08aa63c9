from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from app.backend.pipeline_pool import PipelinePool
from app.page.actions.script import ScriptEvents
from app.page.sections.script import FIRST_SCRIPT, LINES_VIEW, TEXT_VIEW, build_script_section
from pipeline.script_editing.write import lines_to_text
from tests.app.conftest import BAD_SCRIPTS
from tests.app.page.desk import SCRIPT, WICKED, Desk

GOOD_SCRIPTS = [
    SCRIPT,
    "[S1] Hello.\n[S2] Hi.",
    "Anna: {pace 0.9} {gap -0.2} Hello {Worcester|wuster}.\nBen: Hi {pause 0.5} there.",
    "[S1 pace=0.8 gap=1.5] Hello.\n[S2] Hi.",
    f"Anna: {WICKED.replace('[x]', '')}",
]


@pytest.fixture
def events(desk: Desk) -> ScriptEvents:
    return desk.script


def _said(events: ScriptEvents, pool: PipelinePool, text: str) -> list[tuple[Any, ...]]:
    return [
        (turn.speaker, turn.text, turn.spoken_text, turn.pace, turn.gap_s, turn.pauses)
        for turn in pool.shared.parse(text).turns
    ]


@pytest.mark.parametrize("text", GOOD_SCRIPTS)
def test_lines_say_what_the_text_says_and_the_other_way_round(
    text: str, events: ScriptEvents, pool: PipelinePool
) -> None:
    lines, view = events.show_lines(text)
    assert view == LINES_VIEW
    assert lines.interactive
    written = events.read_lines(lines.value, "", LINES_VIEW)
    assert _said(events, pool, written) == _said(events, pool, text)
    assert events.read_lines(lines.value, written, LINES_VIEW) == gr.skip(), "nothing is new"
    assert events.read_changed_lines(lines.value, written, LINES_VIEW) == gr.skip()


def test_only_the_view_that_is_open_changes_the_other(events: ScriptEvents) -> None:
    lines = [{"speaker": "Anna", "text": "Bye."}]
    assert events.show_text() == TEXT_VIEW
    assert events.read_lines(lines, SCRIPT, TEXT_VIEW) == gr.skip()
    assert events.refresh_lines(SCRIPT, TEXT_VIEW) == gr.skip()
    assert events.read_lines(lines, SCRIPT, LINES_VIEW) == "Anna: Bye.\n"
    assert events.refresh_lines(SCRIPT, LINES_VIEW).value[1] == {"speaker": "Ben", "text": "Hi."}


def test_an_editor_that_comes_up_empty_does_not_empty_the_script(events: ScriptEvents) -> None:
    for lines in ([], [{"speaker": "Anna", "text": ""}], [{"speaker": "", "text": " "}]):
        assert events.read_changed_lines(lines, SCRIPT, LINES_VIEW) == gr.skip()
    fewer = [{"speaker": "Anna", "text": "Hello."}, {"speaker": "Ben", "text": ""}]
    assert events.read_changed_lines(fewer, SCRIPT, LINES_VIEW) == "Anna: Hello.\nBen:\n"


def test_a_line_that_is_not_finished_is_kept_as_typed(events: ScriptEvents) -> None:
    lines = [{"speaker": "Anna", "text": "Hello"}, {"speaker": "Ben", "text": ""}]
    text = events.read_lines(lines, SCRIPT, LINES_VIEW)
    assert text == "Anna: Hello\nBen:\n"
    assert events.read_lines(lines, text, LINES_VIEW) == gr.skip()


def test_all_speakers_of_the_script_can_be_chosen_and_some_new_ones(
    events: ScriptEvents,
) -> None:
    lines, _ = events.show_lines(SCRIPT)
    assert lines.speakers == ["Anna", "Ben", "S1", "S2"]
    assert all(line["speaker"] in lines.speakers for line in lines.value)
    numbered, _ = events.show_lines("[S3] One.\n[S1] Two.")
    assert sorted(numbered.speakers) == ["S1", "S2", "S3", "S4"]


@pytest.mark.parametrize("text", BAD_SCRIPTS)
def test_a_script_that_cannot_be_read_is_shown_and_cannot_be_spoilt(
    text: str, events: ScriptEvents
) -> None:
    lines, _ = events.show_lines(text)
    assert not lines.interactive
    assert "mend the text" in lines.label
    assert [line["text"] for line in lines.value] == text.splitlines()


def test_a_wicked_script_is_told_as_it_is(desk: Desk) -> None:
    feedback = desk.check.feedback(f"Anna: {WICKED}")
    assert "Anna" in feedback.message + str(feedback.speakers)


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("talk.txt", b"Anna: Hello.\nBen: Hi.\n", "Anna: Hello."),
        ("talk.srt", b"1\n00:00:00,000 --> 00:00:01,000\nAnna: Hello.\n", "Anna: Hello."),
        ("talk.json", b'[{"speaker": "Anna", "text": "Hello."}]', "Hello."),
    ],
)
def test_script_files_become_text(
    name: str, data: bytes, text: str, events: ScriptEvents, tmp_path: Path, pool: PipelinePool
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    found, message = events.import_file(str(path))
    assert text in found
    assert f"Imported {name}" in message
    assert pool.shared.parse(found).turns[0].text == "Hello."


@pytest.mark.parametrize("name", ["a.pdf", "b.txt", "c.json", "<b>.srt"])
def test_a_file_that_is_no_script_changes_nothing(
    name: str, events: ScriptEvents, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(b"\xff\x00\x01{")
    text, message = events.import_file(str(path))
    assert text == gr.skip()
    assert 'class="problem"' in message
    assert "<b>" not in message
    assert str(tmp_path) not in message, "where the server keeps files is nobody's business"


def test_edits_change_one_turn_and_say_which_to_show(events: ScriptEvents) -> None:
    text, turn = events.add(SCRIPT, 0)
    assert (text.count("\n"), turn) == (4, 1)
    assert events.remove(text, 1) == (
        events.add(SCRIPT, 0)[0].replace(text.split("\n")[1] + "\n", ""),
        0,
    )
    moved, turn = events.move_down(SCRIPT, 0)
    assert (moved.splitlines()[0], turn) == ("Ben: Hi.", 1)
    assert events.move_up(moved, 1) == (f"{SCRIPT}\n", 0)
    merged, turn = events.merge("Anna: One.\nAnna: Two.\nBen: Hi.", 0)
    assert (merged.splitlines()[0], turn) == ("Anna: One. Two.", 0)


def test_a_turn_is_split_where_asked_or_in_the_middle(events: ScriptEvents) -> None:
    text = "Anna: This is one. This is two."
    assert events.split(text, 0, "")[0].splitlines() == ["Anna: This is one.", "Anna: This is two."]
    assert events.split(text, 0, " is two. ")[0].splitlines() == [
        "Anna: This is one. This",
        "Anna: is two.",
    ]
    with pytest.raises(gr.Error, match="does not hold the words"):
        events.split(text, 0, "three")


def test_pace_and_gap_are_set_and_shown(events: ScriptEvents) -> None:
    text, turn = events.set_options(SCRIPT, 1, 1.25, " -0.2 ")
    assert events.show_turn(text, turn) == (1.25, "-0.2")
    again, _ = events.set_options(text, 1, 1.0, "")
    assert events.show_turn(again, 1) == (1.0, "")
    with pytest.raises(gr.Error, match="is no number of seconds"):
        events.set_options(SCRIPT, 1, 1.0, "soon")
    with pytest.raises(gr.Error, match="pace"):
        events.set_options(SCRIPT, 1, 9.0, "")
    for gap in ("nan", "inf", "99"):
        with pytest.raises(gr.Error, match="gap"):
            events.set_options(SCRIPT, 1, 1.0, gap)


@pytest.mark.parametrize(("text", "turn"), [(SCRIPT, None), (SCRIPT, 9), ("", 0)])
def test_options_of_a_turn_that_is_not_there_are_the_usual(
    text: str, turn: int | None, events: ScriptEvents
) -> None:
    assert events.show_turn(text, turn) == (1.0, "")


def test_a_word_is_said_in_another_way(events: ScriptEvents, pool: PipelinePool) -> None:
    text, _ = events.respell("Anna: To Worcester.", 0, " Worcester ", "wuster")
    (turn,) = pool.shared.parse(text).turns
    assert (turn.text, turn.spoken_text) == ("To Worcester.", "To wuster.")
    with pytest.raises(gr.Error):
        events.respell(SCRIPT, 0, "Worcester", "wuster")


@pytest.mark.parametrize("turn", [None, 9, -1])
def test_an_edit_of_no_turn_is_told(turn: int | None, events: ScriptEvents) -> None:
    edits = (
        lambda: events.add(SCRIPT, turn),
        lambda: events.remove(SCRIPT, turn),
        lambda: events.move_up(SCRIPT, turn),
        lambda: events.move_down(SCRIPT, turn),
        lambda: events.merge(SCRIPT, turn),
        lambda: events.split(SCRIPT, turn, ""),
        lambda: events.set_options(SCRIPT, turn, 1.0, ""),
        lambda: events.respell(SCRIPT, turn, "a", "b"),
    )
    for edit in edits:
        with pytest.raises(gr.Error, match="turn"):
            edit()


@pytest.mark.parametrize(("on_zero_gpu", "how"), [("", True), ("true", "lazy")])
def test_samples_are_spoken_ahead_but_where_only_visitors_bring_a_gpu(
    on_zero_gpu: str, how: bool | str, pool: PipelinePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_CACHE_EXAMPLES", "true")
    monkeypatch.setenv("SPACES_ZERO_GPU", on_zero_gpu)
    with gr.Blocks():
        assert build_script_section(pool, str).samples.cache_examples == how


def test_samples_begin_the_page(pool: PipelinePool) -> None:
    with gr.Blocks():
        section = build_script_section(pool, str)
    assert section.samples.examples == [["Anna: Hello.\nBen: Hi.\n"]]
    assert section.samples.dataset.sample_labels == ["Small talk"]
    assert section.text.value == FIRST_SCRIPT
    assert lines_to_text(section.lines.value or []) == ""
