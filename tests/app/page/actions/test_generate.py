import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.backend.job import Run
from app.backend.pipeline_pool import PipelinePool
from app.page.actions.generate import CANCELLED, turn_index
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script
from pipeline.errors import DialogueError
from pipeline.script_to_turns.parse import script_to_turns
from tests.app.live_server import LONG_S, held_before_mixing, wait_until
from tests.app.page.desk import SCRIPT, WICKED, Desk, collect, form_values, visitor
from tests.app.tone_pipeline import TonePipeline


@pytest.fixture
def gate(pipeline: TonePipeline) -> Iterator[threading.Event]:
    with held_before_mixing(pipeline) as may_end:
        yield may_end


def _hold(desk: Desk, owner: str, gate: threading.Event) -> Run[None]:
    def wait(run: Run[None]) -> None:
        while not gate.is_set():
            run.progress("read", 0, 1)
            gate.wait(0.01)

    return desk.queue.submit(wait, 5.0, owner)


def test_a_run_tells_its_progress_and_turns_and_ends_with_the_project(desk: Desk) -> None:
    token = desk.workspaces.open().token
    begin, *between, end = collect(desk.generate(token))
    assert "Beginning" in desk.status(begin)
    tables = [shown[desk.result.table] for shown in between if desk.result.table in shown]
    assert [len(table["rows"]) for table in tables] == [1, 2, 3]
    assert any("<progress" in desk.status(shown) for shown in between)
    assert "Done: 2.0 s of dialogue, 3 turns, seed 7." in desk.status(end)
    project = desk.project(token)
    assert end[desk.number] == project.number
    files = [Path(path) for path in end[desk.downloads]["value"]]
    assert [path.suffix for path in files] == [".wav", ".srt", ".vtt", ".json"]
    assert all(path.is_file() for path in files)
    assert len(end[desk.result.table]["rows"]) == 3
    assert desk.visits.forget("ann") == {token}


def test_the_place_in_the_queue_is_told(desk: Desk) -> None:
    gate = threading.Event()
    _hold(desk, "ben", gate)
    _hold(desk, "ben", gate)

    async def watch() -> list[str]:
        said = []
        async for shown in desk.generate(desk.workspaces.open().token):
            said.append(desk.status(shown))
            if "Waiting in the queue" in said[-1]:
                gate.set()
        return said

    said = asyncio.run(watch())
    assert any("1 other is before you; it begins in about" in each for each in said)
    assert "Done" in said[-1]


def test_an_error_is_a_notice_and_a_message_and_never_markup(desk: Desk) -> None:
    with pytest.raises(gr.Error) as raised:
        collect(desk.generate("", text=f"Anna: {WICKED}\nBen: <你好>"))
    assert "<" not in str(raised.value.message)
    assert not raised.value.print_exception
    failure = desk.speaking.show_failure(visitor("ann"))
    assert "line 2" in failure.lower()
    assert 'class="problem"' in failure
    assert "line 2" not in desk.speaking.show_failure(visitor("ben")).lower()
    collect(desk.generate(""))
    assert "line 2" not in desk.speaking.show_failure(visitor("ann")).lower()


def test_a_failed_run_leaves_the_dialogue_before(desk: Desk) -> None:
    project, token = desk.speak()
    with pytest.raises(gr.Error):
        collect(desk.generate(token, choices=("zoe", "ben", "anna", "ben")))
    assert desk.project(token) is project


def test_cancelling_stops_the_visitors_own_runs_alone(desk: Desk, gate: threading.Event) -> None:
    async def run(name: str) -> str:
        said = ""
        async for shown in desk.generate(desk.workspaces.open().token, name):
            said = desk.status(shown) or said
        return said

    async def both() -> list[str]:
        tasks = [asyncio.create_task(run(name)) for name in ("ann", "ben")]
        await asyncio.to_thread(wait_until, lambda: len(desk.queue.runs()) == 2)
        assert CANCELLED in desk.speaking.cancel(visitor("ann"))
        gate.set()
        return list(await asyncio.gather(*tasks))

    ann, ben = asyncio.run(both())
    assert CANCELLED in ann
    assert "Done" in ben
    assert "problem" not in desk.speaking.show_failure(visitor("ann"))


def test_who_closes_the_page_cancels_what_nobody_waits_for(
    desk: Desk, gate: threading.Event
) -> None:
    async def leave() -> None:
        updates = desk.generate(desk.workspaces.open().token)
        await anext(updates)
        await updates.aclose()  # type: ignore[attr-defined]  # it is a generator

    asyncio.run(leave())
    assert all(run.is_cancelled for run in desk.queue.runs())
    gate.set()
    wait_until(lambda: desk.queue.runs() == [])


def test_leaving_stops_runs_and_starts_the_workspaces_last_hour(desk: Desk) -> None:
    _, token = desk.speak()
    gate = threading.Event()
    run = _hold(desk, "ann", gate)
    desk.speaking.leave(visitor("ann"))
    assert run.is_cancelled
    gate.set()
    assert desk.project(token).text == SCRIPT, "it can still be come back to"


def test_a_full_queue_says_how_long_it_is(desk: Desk) -> None:
    gate = threading.Event()
    runs = [_hold(desk, "ben", gate) for _ in range(4)]
    with pytest.raises(gr.Error, match=r"\d runs are waiting, about 2\d s; please try again then"):
        collect(desk.generate(""))
    assert "waiting" in desk.speaking.show_failure(visitor("ann"))
    gate.set()
    for run in runs:
        run.result(LONG_S)


def test_visitors_at_the_same_time_never_get_each_others(desk: Desk) -> None:
    names = [f"Visitor {letter}" for letter in "ABCDEF"]
    tokens = {name: desk.workspaces.open().token for name in names}
    desk.queue.max_waiting = 100

    async def run(name: str, seed: int) -> list[Any]:
        text = f"{name}: I am {name}.\nOther: Hello {name}."
        return [shown async for shown in desk.generate(tokens[name], name, text, seed=seed)]

    async def all_of_them() -> list[list[Any]]:
        return list(await asyncio.gather(*(run(name, at) for at, name in enumerate(names))))

    for seed, (name, shown) in enumerate(zip(names, asyncio.run(all_of_them()), strict=True)):
        project = desk.project(tokens[name])
        assert project.dialogue.seed == seed
        assert shown[-1][desk.number] == project.number
        assert shown[-1][desk.token] == tokens[name]
        others = [other for other in names if other != name]
        for each in shown:
            told = str({key: value for key, value in each.items() if key is not desk.token})
            assert not any(other in told for other in others)
        for path in shown[-1][desk.downloads]["value"]:
            assert tokens[name] in path


def test_what_cannot_work_is_refused_at_its_field_before_the_queue(desk: Desk) -> None:
    values = form_values()
    assert all(each["is_valid"] for each in desk.speaking.validate(*values, "token"))
    assert len(desk.speaking.validate(*values, "token")) == len(desk.form.inputs) + 1
    checks = desk.speaking.validate(*form_values("", 0.5, 99), "token")
    assert [each["is_valid"] for each in checks[:4]] == [False, True, False, False]
    assert "empty" in checks[0]["message"]
    assert checks[2]["message"].startswith("The seed must")
    assert "retakes must" in checks[3]["message"]


def test_a_click_on_generate_reads_the_script_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []

    def read(script: str, limits: LimitsConfig) -> Script:
        reads.append(script)
        return script_to_turns(script, limits)

    monkeypatch.setattr("tests.app.tone_pipeline.script_to_turns", read)
    token, values = desk.workspaces.open().token, form_values()
    desk.speaking.refusal(*values, token)
    desk.speaking.validate(*values, token)
    collect(desk.generate(token))
    assert reads == [SCRIPT]
    project, edited = desk.project(token), SCRIPT.replace("Hi.", "Hello, Anna.")
    collect(desk.speaking.update(edited, token, project.number, visitor("ann")))
    assert reads == [SCRIPT, edited]


def test_uploads_are_noted_so_that_they_go_with_the_visitor(
    desk: Desk, recordings: dict[str, Path], tmp_path: Path
) -> None:
    upload = tmp_path / "upload.wav"
    upload.write_bytes(recordings["good"].read_bytes())
    given = (str(upload), None, None, None)
    _, token = desk.speak(
        choices=("(my recording)", "ben", "anna", "ben"),
        recordings=given,
        consents=(True, False, False, False),
    )
    desk.workspaces.open(token).remove()
    assert not upload.exists()


def test_only_what_changed_is_spoken(desk: Desk) -> None:
    before, token = desk.speak()
    text = "Anna: Hello.\nBen: Hi.\nAnna: See you."
    shown = collect(desk.speaking.update(text, token, before.number, visitor("ann")))
    after = desk.project(token)
    assert after.text == text
    assert shown[-1][desk.number] == after.number
    for turn in (0, 1):
        np.testing.assert_array_equal(
            after.dialogue.cuts[turn].sound.samples, before.dialogue.cuts[turn].sound.samples
        )


def test_a_turn_is_made_anew_as_asked_and_played(desk: Desk) -> None:
    before, token = desk.speak()
    redo = desk.speaking.redo(
        visitor("ann"), 2, "Hi, Anna!", 1.5, "11", SCRIPT, token, before.number
    )
    shown = collect(redo)
    after = desk.project(token)
    turn = after.dialogue.turns[1]
    assert (turn.text, turn.pace, after.dialogue.turn_seeds[1]) == ("Hi, Anna!", 1.5, 11)
    assert len(after.takes[1]) == 2
    finished, followed = shown[-2:]
    assert desk.result.panel.sound in finished
    assert finished[desk.result.table]["rows"][1]["selected"]
    assert followed == {desk.form.script.text: SCRIPT.replace("Hi.", "{pace 1.5} Hi, Anna!") + "\n"}


def test_a_redo_with_nothing_changed_is_another_take(desk: Desk) -> None:
    before, token = desk.speak()
    collect(desk.speaking.redo(visitor("ann"), 1, "Hello.", 1.0, "", SCRIPT, token, before.number))
    again = desk.project(token)
    assert again.dialogue.turn_seeds[0] != before.dialogue.turn_seeds[0]
    collect(desk.speaking.redo_again(0, token, again.number, visitor("ann")))
    assert len(desk.project(token).takes[0]) == 3


def test_a_stretch_is_made_anew(desk: Desk) -> None:
    before, token = desk.speak()
    shown = collect(desk.speaking.redo_span(0.8, 1.2, token, before.number, visitor("ann")))[-1]
    assert list(desk.project(token).takes) == [1]
    panel = desk.result.panel
    assert shown[panel.turn].value == 2
    assert shown[panel.sound].visible
    assert not {panel.start, panel.end} & shown.keys(), "the stretch can be made anew once more"


def _refused(desk: Desk, updates: Any, words: str) -> None:
    with pytest.raises(gr.Error, match=words):
        collect(updates)
    assert "problem" in desk.speaking.show_failure(visitor("ann"))


def test_what_cannot_be_made_anew_is_told(desk: Desk) -> None:
    project, token = desk.speak()
    ann, number, speaking = visitor("ann"), project.number, desk.speaking
    _refused(
        desk,
        speaking.redo(ann, 9, "x", 1, "", SCRIPT, token, number),
        "turn must be a whole number",
    )
    _refused(
        desk, speaking.redo(ann, None, "x", 1, "", SCRIPT, token, number), "from 1 to 3, read None"
    )
    _refused(desk, speaking.redo(ann, 1, "x", 1, "old", SCRIPT, token, number), "seed must be")
    _refused(desk, speaking.redo(ann, 1, "?!", 1, "", SCRIPT, token, number), "[Ll]ine 1")
    _refused(desk, speaking.redo_span(None, 1, token, number, ann), "Give the seconds from")
    _refused(desk, speaking.redo_span(2, 1, token, number, ann), "the start before the end")
    _refused(desk, speaking.redo_again(-1, token, number, ann), "[Tt]here is no turn")
    _refused(desk, speaking.update("", token, number, ann), "empty")
    _refused(desk, speaking.redo_again(0, token, "old", ann), "another tab of yours")
    _refused(desk, speaking.redo_again(0, "", number, ann), "no dialogue yet")
    assert desk.project(token) is project


def test_a_project_is_redone_in_another_visit_of_the_same_browser(
    desk: Desk, pool: PipelinePool
) -> None:
    project, token = desk.speak("ann")
    shown = collect(desk.speaking.redo_again(0, token, project.number, visitor("ann again")))
    assert shown[-1][desk.token] == token


def test_turns_are_counted_from_one_by_people(desk: Desk) -> None:
    project, _ = desk.speak()
    assert [turn_index(project, turn) for turn in (1, 2.0, 3)] == [0, 1, 2]
    for wrong in (0, 4, 1.5, None, float("nan")):
        with pytest.raises(DialogueError, match="the turn must be a whole number from 1 to 3"):
            turn_index(project, wrong)
