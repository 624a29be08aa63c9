"""Runs that are stopped and gone on with: as if they never were, sample for sample."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.dialogue import DialoguePipeline
from pipeline.dialogue_editing.turn_file import load_turn, save_turn
from pipeline.errors import ConfigError
from pipeline.synthesis.resume import mix_again
from tests.pipeline.test_dialogue_stream import LINES, OPTIONS, VOICES

SCRIPT = "\n".join(LINES)


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu")


@pytest.fixture(scope="module")
def whole(pipeline: DialoguePipeline) -> Dialogue:
    return pipeline.synthesize(SCRIPT, VOICES, 5, OPTIONS)


@pytest.fixture(scope="module")
def turns(pipeline: DialoguePipeline) -> list[SpokenTurn]:
    return list(pipeline.stream(SCRIPT, VOICES, 5, OPTIONS, in_a_hurry=False))


@pytest.mark.parametrize("n_finished", [1, 2, 4, 5])
def test_a_run_that_is_gone_on_with_is_the_whole_sample_for_sample(
    n_finished: int,
    pipeline: DialoguePipeline,
    whole: Dialogue,
    turns: list[SpokenTurn],
    tmp_path: Path,
) -> None:
    paths = [tmp_path / f"{turn.index}.safetensors" for turn in turns[:n_finished]]
    for path, turn in zip(paths, turns[:n_finished], strict=True):
        save_turn(path, turn)
    finished = [load_turn(path) for path in paths]
    later = list(pipeline.stream(SCRIPT, VOICES, 5, OPTIONS, finished=iter(finished)))
    assert [turn.index for turn in later] == list(range(n_finished, len(LINES)))
    every = [*finished, *later]
    mix = np.concatenate([turn.mix.samples for turn in [*turns[:n_finished], *later]])
    assert np.array_equal(mix, whole.mix.samples)
    assert tuple(turn.caption for turn in every) == whole.captions
    assert tuple(turn.start for turn in every) == whole.starts
    assert tuple(turn.take.check for turn in every) == whole.voice_checks
    assert tuple(note for turn in every for note in turn.notes) == whole.notes
    for turn, sound, acoustic in zip(every, whole.sounds, whole.acoustic, strict=True):
        assert np.array_equal(turn.sound.samples, sound.samples)
        assert turn.take.acoustic.codes.equal(acoustic.codes)


def test_mix_and_stems_are_made_again_from_the_turns_alone(
    whole: Dialogue, turns: list[SpokenTurn], pipeline: DialoguePipeline
) -> None:
    bare = [dataclasses.replace(turn, mix=turn.sound) for turn in turns]
    stretches = [each.samples for each in mix_again(iter(bare), pipeline.mix_config)]
    assert np.array_equal(np.concatenate(stretches), whole.mix.samples)
    for speaker, stem in whole.stems.items():
        stretches = [each.samples for each in mix_again(bare, pipeline.mix_config, speaker)]
        assert np.array_equal(np.concatenate(stretches), stem.samples)


def test_turns_of_another_script_cannot_be_gone_on_after(
    pipeline: DialoguePipeline, turns: list[SpokenTurn]
) -> None:
    edited = SCRIPT.replace("Hello there", "Hi there")
    with pytest.raises(ConfigError, match="is not turn 1 of the script"):
        list(pipeline.stream(edited, VOICES, 5, OPTIONS, finished=turns[:2]))
    with pytest.raises(ConfigError, match=r"finished turn 2 .* is not turn 1 of the script"):
        list(pipeline.stream(SCRIPT, VOICES, 5, OPTIONS, finished=turns[1:2]))


def test_windows_cannot_be_gone_on_with(
    pipeline: DialoguePipeline, turns: list[SpokenTurn]
) -> None:
    options = dataclasses.replace(OPTIONS, mode="window")
    with pytest.raises(ConfigError, match="spoken in one go"):
        list(pipeline.stream(SCRIPT, VOICES, 5, options, finished=turns[:1]))
