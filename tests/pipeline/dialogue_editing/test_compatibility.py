"""Dialogues from elsewhere, taken over by weights or refused."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from pipeline.datatypes.dialogue import Dialogue
from pipeline.dialogue import DialoguePipeline
from pipeline.dialogue_editing.compatibility import OTHER_WEIGHTS
from pipeline.dialogue_editing.dialogue_file import load_dialogue, save_dialogue
from pipeline.errors import ConfigError, DialogueError, VoiceError
from tests.pipeline.dialogue_editing.test_dialogue_file import SCRIPT, VOICES
from tests.pipeline.dialogue_editing.test_redo import OPTIONS


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu")


@pytest.fixture(scope="module")
def spoken(pipeline: DialoguePipeline) -> Dialogue:
    return pipeline.synthesize(SCRIPT, VOICES, 5, OPTIONS)


def test_a_dialogue_of_other_weights_is_taken_with_a_note(
    spoken: Dialogue, pipeline: DialoguePipeline, tmp_path: Path
) -> None:
    other = pipeline.adopt(dataclasses.replace(spoken, weights="another", redoer=None))
    assert other.notes == (*spoken.notes, OTHER_WEIGHTS)
    assert pipeline.adopt(other).notes == other.notes
    redone = other.redo(turn=1)
    assert OTHER_WEIGHTS in redone.notes
    assert redone.weights == "another"
    edited = pipeline.redo_script(other, SCRIPT.replace("Nobody", "Somebody"))
    assert OTHER_WEIGHTS in edited.notes
    save_dialogue(tmp_path / "talk", redone)
    assert load_dialogue(tmp_path / "talk").dialogue.weights == "another"


def _first(dialogue: Dialogue, **change: Any) -> Dialogue:
    first = dataclasses.replace(dialogue.takes[0], **change)
    return dataclasses.replace(dialogue, takes=(first, *dialogue.takes[1:]))


def _codes(dialogue: Dialogue, codes: Tensor) -> Dialogue:
    return _first(dialogue, acoustic=dataclasses.replace(dialogue.acoustic[0], codes=codes))


def _ids(dialogue: Dialogue, ids: Tensor) -> Dialogue:
    return _first(dialogue, semantic=dataclasses.replace(dialogue.semantic[0], semantic_ids=ids))


def _rate(dialogue: Dialogue) -> Dialogue:
    slow = dataclasses.replace(dialogue.acoustic[0], frame_rate_hz=75.0)
    return _first(dialogue, acoustic=slow)


def _speaker(dialogue: Dialogue, name: str) -> Dialogue:
    return _first(dialogue, turn=dataclasses.replace(dialogue.turns[0], speaker=name))


def _voice(dialogue: Dialogue, **change: Any) -> Dialogue:
    voice = dataclasses.replace(dialogue.voices["S1"], **change)
    return dataclasses.replace(dialogue, voices={**dialogue.voices, "S1": voice})


@pytest.mark.parametrize(
    ("spoil", "kind", "message"),
    [
        (lambda d: dataclasses.replace(d, starts=()), ConfigError, "how its turns were made"),
        (lambda d: _codes(d, d.acoustic[0].codes[:-1]), ConfigError, "turn 1 has codes of .*shape"),
        (lambda d: _codes(d, d.acoustic[0].codes + 10**6), ConfigError, "turn 1 has codes outside"),
        (lambda d: _codes(d, d.acoustic[0].codes[:, 1:]), ConfigError, "frames for .* semantic"),
        (lambda d: _codes(d, d.acoustic[0].codes.float()), ConfigError, "codes of torch.float32"),
        (lambda d: _ids(d, d.semantic[0].semantic_ids + 10**6), ConfigError, "ids outside"),
        (lambda d: _ids(d, d.semantic[0].semantic_ids.int()), ConfigError, "ids of torch.int32"),
        (_rate, ConfigError, r"has 50 and 75 frames .* samples a second, and these weights make"),
        (lambda d: _speaker(d, "S9"), ConfigError, "spoken by 'S9'; speakers are S1 to S4"),
        (lambda d: _speaker(d, "S2"), ConfigError, "its ids or codes by someone else"),
        (lambda d: dataclasses.replace(d, voices={}), VoiceError, "S1, who has no voice"),
        (lambda d: _voice(d, codec_id="x"), VoiceError, "'anna' was made with another codec"),
        (lambda d: _voice(d, codes=d.voices["S1"].codes[:1]), VoiceError, "'anna' has codes of"),
        (lambda d: _voice(d, codes=d.voices["S1"].codes[:, :0]), VoiceError, "holds no sound"),
    ],
)
def test_a_dialogue_that_does_not_fit_the_weights_is_refused(
    spoken: Dialogue,
    pipeline: DialoguePipeline,
    spoil: Callable[[Dialogue], Dialogue],
    kind: type[DialogueError],
    message: str,
) -> None:
    for work in (pipeline.adopt, lambda dialogue: dialogue.redo(turn=0)):
        with pytest.raises(kind, match=message):
            work(spoil(spoken))
