import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.backend.pipeline_pool import PipelinePool, load_pool
from app.backend.voice_library import VoiceLibrary
from app.projects.edits import SpeakRequest, speak_request
from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.datatypes.redo import Redo
from pipeline.errors import CancelledError, CheckpointError, VoiceError
from tests.app.tone_pipeline import TonePipeline

SCRIPT = "Anna: Hello.\nBen: Hi."
LONG_S = 30.0


def _speak(
    pool: PipelinePool, voices: dict[str, str], seed: int, on_progress: Any = None
) -> Dialogue:
    with pool.borrow() as pipeline:
        return pipeline.synthesize(SCRIPT, voices, seed, None, on_progress)


def _ignore(stage: str, done: int, total: int) -> None:
    assert 0 <= done <= total, stage


def test_a_library_voice_is_given_as_its_file(
    pool: PipelinePool, recordings: dict[str, Path]
) -> None:
    path = pool.add_voice("mine", recordings["good"], "mine")
    assert pool.voice_names() == ["anna", "ben", "mine"]
    assert pool.find_voice("mine") == path
    assert pool.find_voice("anna") == "anna"


def test_a_taken_name_is_refused(pool: PipelinePool, recordings: dict[str, Path]) -> None:
    with pytest.raises(VoiceError, match="already is a voice 'anna'"):
        pool.add_voice("anna", recordings["good"], "")


def test_samples_are_named_after_their_files(pool: PipelinePool) -> None:
    assert pool.sample_scripts() == {"Small talk": "Anna: Hello.\nBen: Hi.\n"}


def test_loading_without_weights_names_the_model() -> None:
    with pytest.raises(CheckpointError, match="there are no weights 'huge'"):
        load_pool("huge", "cpu")


def test_what_is_spoken_aloud_is_what_is_spoken(pool: PipelinePool) -> None:
    heard: list[SpokenTurn] = []
    request = SpeakRequest(text=SCRIPT, voices={"S1": "ben"}, seed=4)
    aloud = speak_request(pool, request, _ignore, heard.append).dialogue
    quiet = _speak(pool, {"S1": "ben"}, 4)
    np.testing.assert_array_equal(aloud.mix.samples, quiet.mix.samples)
    np.testing.assert_array_equal(
        np.concatenate([turn.mix.samples for turn in heard]), quiet.mix.samples
    )
    assert aloud.voices["S1"].name == "ben"


def test_parts_are_made_anew_in_the_dialogue_given(pool: PipelinePool) -> None:
    first = _speak(pool, {}, 4)
    with pool.borrow() as pipeline:
        redone = pipeline.redo(first, Redo(turn=1))
        edited = pipeline.redo_script(redone, "Anna: Hello.\nBen: Never.")
    for after in (redone, edited):
        np.testing.assert_array_equal(after.cuts[0].sound.samples, first.cuts[0].sound.samples)
    assert redone.turn_seeds[1] != first.turn_seeds[1]
    assert edited.turns[1].text == "Never."


def test_a_recording_becomes_a_voice_with_licence_and_consent(
    pool: PipelinePool, recordings: dict[str, Path]
) -> None:
    with pool.borrow() as pipeline:
        voice = pipeline.voice_from_recording(
            recordings["good"], "zoe", licence="CC0", consent="she said so"
        )
    assert (voice.name, voice.licence, voice.consent) == ("zoe", "CC0", "she said so")


def test_no_two_scripts_are_spoken_by_one_pipeline_at_the_same_time(tmp_path: Path) -> None:
    pipelines = [TonePipeline(), TonePipeline()]
    pool = PipelinePool(pipelines[0], VoiceLibrary(tmp_path), tmp_path, pipelines[1:])
    meet = threading.Barrier(2, timeout=LONG_S)
    inside: list[int] = []

    def stop(number: int, stage: str) -> None:
        if stage == "mix":
            inside.append(number)
            assert inside.count(number) == 1, "two scripts in one pipeline"
            meet.wait()
            inside.remove(number)

    for number, pipeline in enumerate(pipelines):
        pipeline.before_stage = lambda stage, number=number: stop(number, stage)
    made: list[Dialogue] = []
    threads = [
        threading.Thread(target=lambda seed=seed: made.append(_speak(pool, {}, seed)))
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    assert sorted(dialogue.seed for dialogue in made) == [0, 1, 2, 3]


def test_a_pipeline_is_given_back_after_an_error(pool: PipelinePool) -> None:
    def cancel(stage: str, done: int, total: int) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError, match="enough"):
        _speak(pool, {}, 0, cancel)
    with pool.borrow() as pipeline:
        assert next(iter(pipeline.stream(SCRIPT, {}, 0))).index == 0
    assert len(_speak(pool, {}, 0).turns) == 2


def test_who_finds_no_idle_pipeline_waits_and_reads_scripts_meanwhile(pool: PipelinePool) -> None:
    made: list[Dialogue] = []
    waiting = threading.Thread(target=lambda: made.append(_speak(pool, {}, 3)))
    with pool.borrow():
        waiting.start()
        waiting.join(0.1)
        assert not made
        assert len(pool.shared.parse(SCRIPT).turns) == 2
    waiting.join(LONG_S)
    assert [dialogue.seed for dialogue in made] == [3]
