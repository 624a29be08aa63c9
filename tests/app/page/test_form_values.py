import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.backend.cost import expected_seconds
from app.backend.pipeline_pool import PipelinePool
from app.page.form_values import (
    SpeakForm,
    VoiceRow,
    keep_cast,
    read_form,
    read_script,
    speaker_names,
    time_left_of,
    wanted_voice,
)
from app.projects.project import Project
from app.projects.voice_choices import CLONED, MADE_UP, OWN_RECORDING, VOICE_FILE
from pipeline.errors import DialogueError, VoiceError
from tests.app.conftest import BAD_RECORDINGS, BAD_SCRIPTS
from tests.app.tone_pipeline import TonePipeline

SCRIPT = "Anna: Hello.\nBen: Hi.\nAnna: Bye."
ROWS = [VoiceRow(choice=name) for name in ("anna", "ben", "anna", "ben")]
NAMES = ["Ada", "Ben", "Cleo", "Dan", "Eve", "Finn"]


@pytest.fixture(autouse=True)
def _no_costs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_feedback_counts_turns_and_names_speakers(pool: PipelinePool) -> None:
    feedback = read_script(pool, SCRIPT)
    assert not feedback.problem
    assert "3 turns, 2 speakers: Anna (S1), Ben (S2); " in feedback.message
    assert feedback.speakers == {"S1": "Anna", "S2": "Ben"}
    assert feedback.turns == ("1 · Anna: Hello.", "2 · Ben: Hi.", "3 · Anna: Bye.")


def test_long_turns_are_shortened_in_lists_alone(pool: PipelinePool) -> None:
    (label,) = read_script(pool, "Anna: " + "word " * 40).turns
    assert len(label) < 70
    assert label.endswith("…")


@pytest.mark.parametrize(("text", "words"), BAD_SCRIPTS.items())
def test_feedback_says_what_is_wrong_with_a_script(
    text: str, words: str, pool: PipelinePool
) -> None:
    feedback = read_script(pool, text)
    assert feedback.problem
    assert words in feedback.message
    with pytest.raises(DialogueError, match=words):
        read_form(pool, SpeakForm(text=text, seed=0, rows=ROWS))


def test_nobodys_row_moves_whatever_becomes_of_the_script() -> None:
    draw = random.Random(1)
    for _ in range(500):
        names = draw.sample(NAMES, draw.randint(0, 4))
        cast: list[str] = []
        for _ in range(6):
            before, cast = cast, keep_cast(cast, names, 4)
            assert sorted(filter(None, cast)) == sorted(names), "everyone has one row"
            stayed = [name for name in before if name in names and name]
            assert all(cast.index(name) == before.index(name) for name in stayed)
            names = draw.sample(NAMES, draw.randint(0, 4))


def test_who_comes_first_now_takes_no_row_of_another() -> None:
    assert keep_cast([], ["Anna", "Ben"], 4) == ["Anna", "Ben", "", ""]
    assert keep_cast(["Anna", "Ben", "", ""], ["Zoe", "Anna", "Ben"], 4) == [
        "Anna",
        "Ben",
        "Zoe",
        "",
    ]
    assert keep_cast(["Anna", "Ben"], ["Annika", "Ben"], 4) == ["Annika", "Ben", "", ""]
    assert keep_cast(["Anna", "Ben"], ["Ben"], 4) == ["", "Ben", "", ""]
    assert keep_cast(["a", "b", "c", "d", "e"], ["e"], 4) == ["e", "", "", ""]


def test_a_cast_that_names_someone_twice_gives_everyone_one_row() -> None:
    cast = keep_cast(["Ann"] * 4, ["Ann", "Ben", "Cleo", "Dan"], 4)
    assert sorted(cast) == ["Ann", "Ben", "Cleo", "Dan"]


def test_voices_follow_names_not_places(pool: PipelinePool) -> None:
    form = SpeakForm(text=SCRIPT, seed=5, rows=ROWS, cast=["Ben", "Anna"], retakes=2.0)
    order = read_form(pool, form)
    assert order.voices == {"S1": "ben", "S2": "anna"}
    assert (order.seed, order.retakes) == (5, 2)
    assert order.form == {"seed": 5, "retakes": 2, "voices": {"Anna": "ben", "Ben": "anna"}}


@pytest.mark.parametrize(
    "choice", ["zoe", "", None, "/etc/passwd", "../../etc/passwd", "anna.safetensors", "ANNA", 3]
)
def test_a_form_cannot_name_a_file_or_an_unknown_voice(choice: Any, pool: PipelinePool) -> None:
    with pytest.raises(VoiceError, match=r"there is no voice .* for Anna; choose one of anna"):
        wanted_voice(pool, VoiceRow(choice=choice), "Anna")


@pytest.mark.parametrize("choice", CLONED)
def test_nobody_is_cloned_without_consent(
    choice: str, pool: PipelinePool, recordings: dict[str, Path]
) -> None:
    given = str(recordings["good"])
    row = VoiceRow(choice=choice, recording=given, voice_file=given)
    with pytest.raises(VoiceError, match="tick the box that says the person agreed"):
        wanted_voice(pool, row, "Anna")
    assert wanted_voice(pool, replace(row, consent=True), "Anna") == Path(given)


@pytest.mark.parametrize(
    ("choice", "words"), [(OWN_RECORDING, "no recording yet"), (VOICE_FILE, "no voice file yet")]
)
def test_what_was_not_given_is_asked_for(choice: str, words: str, pool: PipelinePool) -> None:
    with pytest.raises(VoiceError, match=f"Anna has {words}"):
        wanted_voice(pool, VoiceRow(choice=choice, consent=True), "Anna")


def test_a_voice_is_made_up_if_asked_for(pool: PipelinePool) -> None:
    assert wanted_voice(pool, VoiceRow(choice=MADE_UP), "Anna") is None


def test_a_cloned_voice_is_kept_for_the_same_name_and_choice_alone(
    pool: PipelinePool, pipeline: TonePipeline, recordings: dict[str, Path]
) -> None:
    voice = pipeline.voice_from_recording(recordings["good"], "me")
    dialogue = pipeline.synthesize(SCRIPT, {"Anna": voice})
    form = {"voices": {"Anna": OWN_RECORDING, "Ben": "ben"}}
    project = Project(text=SCRIPT, dialogue=dialogue, form=form)
    row = VoiceRow(choice=OWN_RECORDING, consent=True)
    assert wanted_voice(pool, row, "Anna", project) is voice
    for name, other in (("Ben", row), ("Zoe", row), ("Anna", replace(row, choice=VOICE_FILE))):
        with pytest.raises(VoiceError, match="yet"):
            wanted_voice(pool, other, name, project)
    with pytest.raises(VoiceError, match="tick the box"):
        wanted_voice(pool, replace(row, consent=False), "Anna", project)
    given = replace(row, recording=str(recordings["stereo"]))
    assert wanted_voice(pool, given, "Anna", project) == recordings["stereo"]


@pytest.mark.parametrize(("kind", "words"), BAD_RECORDINGS.items())
def test_a_bad_recording_is_refused(
    kind: str, words: str, pool: PipelinePool, recordings: dict[str, Path]
) -> None:
    row = VoiceRow(choice=OWN_RECORDING, recording=str(recordings[kind]), consent=True)
    order = read_form(pool, SpeakForm(text=SCRIPT, seed=0, rows=[row, *ROWS[1:]]))
    words = "there is no voice" if kind == "missing" else words
    with pytest.raises(DialogueError, match=words), pool.borrow() as pipeline:
        pipeline.synthesize(order.text, order.voices, order.seed)


def test_speakers_without_names_are_named_by_their_number(pool: PipelinePool) -> None:
    assert speaker_names(pool.shared.parse("[S2] a\n[S1] b")) == {"S2": "S2", "S1": "S1"}


def test_time_left_begins_at_the_estimate_and_at_nothing_for_an_unreadable_script(
    pool: PipelinePool,
) -> None:
    script = pool.shared.parse("[S1] Hello.")
    usual_s, slow_s = (
        time_left_of(pool, script, slowness).left("semantic", 0, 1) for slowness in (1.0, 3.0)
    )
    assert slow_s == pytest.approx(3 * usual_s, rel=0.05)
    assert usual_s > 0
    assert expected_seconds(pool, pool.shared.parse(SCRIPT)) > 0
