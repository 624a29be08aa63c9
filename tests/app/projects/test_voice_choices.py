import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.backend.pipeline_pool import PipelinePool
from app.projects.project import Project
from app.projects.voice_choices import (
    CLONED,
    MADE_UP,
    OWN_RECORDING,
    VOICE_FILE,
    VoiceRow,
    keep_cast,
    wanted_voice,
)
from pipeline.errors import VoiceError
from tests.app.tone_pipeline import TonePipeline

SCRIPT = "Anna: Hello.\nBen: Hi.\nAnna: Bye."
NAMES = ["Ada", "Ben", "Cleo", "Dan", "Eve", "Finn"]


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
