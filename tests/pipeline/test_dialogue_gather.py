"""A dialogue of turns that were streamed, or that came from elsewhere: as if made in one go."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.dialogue import DialoguePipeline
from pipeline.dialogue_editing.turn_file import load_turn, save_turn
from pipeline.errors import ConfigError, ShapeError, VoiceError
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
    return list(pipeline.stream(SCRIPT, VOICES, 5, OPTIONS))


def assert_same_dialogue(one: Dialogue, other: Dialogue) -> None:
    """Everything that is heard or can be read of two dialogues is equal, to the last bit."""
    assert np.array_equal(one.mix.samples, other.mix.samples)
    assert list(one.stems) == list(other.stems)
    for speaker, stem in one.stems.items():
        assert np.array_equal(stem.samples, other.stems[speaker].samples)
    for name in (
        *("captions", "turns", "seed", "notes", "voice_checks", "turn_seeds", "starts"),
        *("turn_notes", "speaker_names", "locked", "options"),
    ):
        assert getattr(one, name) == getattr(other, name), name
    for cut, same in zip(one.cuts, other.cuts, strict=True):
        assert np.array_equal(cut.sound.samples, same.sound.samples)
        assert dataclasses.replace(cut, sound=same.sound) == same
    for ids, same_ids in zip(one.semantic, other.semantic, strict=True):
        assert ids.semantic_ids.equal(same_ids.semantic_ids)
        assert dataclasses.replace(ids, semantic_ids=same_ids.semantic_ids) == same_ids
    for codes, same_codes in zip(one.acoustic, other.acoustic, strict=True):
        assert codes.codes.equal(same_codes.codes)
        assert dataclasses.replace(codes, codes=same_codes.codes) == same_codes
    assert list(one.voices) == list(other.voices)
    for speaker, voice in one.voices.items():
        assert voice.codes.equal(other.voices[speaker].codes)
        assert voice.name == other.voices[speaker].name


@pytest.mark.parametrize("mode", ["turns", "window"])
def test_streamed_turns_make_the_dialogue_that_synthesize_gives(
    pipeline: DialoguePipeline, mode: str
) -> None:
    options = dataclasses.replace(OPTIONS, mode=mode)
    voices = {"S2": None}  # the others are chosen, and a note says so
    whole = pipeline.synthesize(SCRIPT, voices, 5, options)
    turns = list(pipeline.stream(SCRIPT, voices, 5, options))
    gathered = pipeline.gather(SCRIPT, turns, 5, options)
    assert any("was given no voice" in str(note) for note in gathered.notes)
    assert_same_dialogue(gathered, whole)


def test_what_is_made_anew_of_it_is_that_of_the_whole(
    pipeline: DialoguePipeline, whole: Dialogue, turns: list[SpokenTurn]
) -> None:
    gathered = pipeline.gather(SCRIPT, turns, 5, OPTIONS)
    assert_same_dialogue(gathered.redo(turn=1), whole.redo(turn=1))
    caption = whole.captions[3]
    span = (caption.start_s, caption.start_s + 0.1)
    assert_same_dialogue(gathered.redo(span=span, seed=1), whole.redo(span=span, seed=1))
    edited = "\n".join([*LINES[:2], "[S1] No.", *LINES[3:]])
    assert_same_dialogue(
        pipeline.redo_script(gathered.lock(0), edited), pipeline.redo_script(whole.lock(0), edited)
    )


def test_turns_from_files_make_it_too_and_can_be_redone(
    pipeline: DialoguePipeline, whole: Dialogue, turns: list[SpokenTurn], tmp_path: Path
) -> None:
    paths = [tmp_path / f"{turn.index}.safetensors" for turn in turns]
    for path, turn in zip(paths, turns, strict=True):
        save_turn(path, turn)
    gathered = pipeline.gather(SCRIPT, [load_turn(path) for path in paths], 5, OPTIONS)
    assert_same_dialogue(gathered, whole)
    end_s = whole.mix.duration_s
    redone, wanted = gathered.redo(span=(0.0, end_s)), whole.redo(span=(0.0, end_s))
    assert np.array_equal(redone.mix.samples, wanted.mix.samples)


def test_notes_of_a_script_and_of_a_check_are_told_once(pipeline: DialoguePipeline) -> None:
    script = "[S1] Well [laughs] then.\n[S2] Yes."
    whole = pipeline.synthesize(script, None, 5, OPTIONS)
    gathered = pipeline.gather(script, list(pipeline.stream(script, None, 5, OPTIONS)), 5, OPTIONS)
    assert len(set(whole.notes)) == len(whole.notes) > 2
    assert gathered.notes == whole.notes


def _without_voice(turns: list[SpokenTurn]) -> list[SpokenTurn]:
    return [dataclasses.replace(turn, voice=None) for turn in turns]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda turns: turns[:-1], "4 of 5 turns are finished; give all"),
        (lambda turns: [], "0 of 5 turns are finished; give all"),
        (lambda turns: turns[::-1], r"finished turn 5 .* is not turn 1 of the script"),
        (lambda turns: [*turns, turns[-1]], r"finished turn 5 .* is not turn 6 of the script"),
        (_without_voice, "turn 1 does not tell its voice"),
    ],
)
def test_turns_that_are_not_all_of_the_script_are_refused(
    pipeline: DialoguePipeline,
    turns: list[SpokenTurn],
    spoil: Callable[[list[SpokenTurn]], list[SpokenTurn]],
    message: str,
) -> None:
    with pytest.raises(ConfigError, match=message):
        pipeline.gather(SCRIPT, spoil(turns), 5, OPTIONS)


def test_turns_of_another_script_seed_or_kind_are_refused(
    pipeline: DialoguePipeline, turns: list[SpokenTurn]
) -> None:
    with pytest.raises(ConfigError, match=r"finished turn 1 .* is not turn 1 of the script"):
        pipeline.gather(SCRIPT.replace("Hello there", "Hi there"), turns, 5, OPTIONS)
    with pytest.raises(ConfigError, match="another seed than that of script seed 6"):
        pipeline.gather(SCRIPT, turns, 6, OPTIONS)
    with pytest.raises(ConfigError, match="cannot be streamed"):
        pipeline.gather(SCRIPT, turns, 5, dataclasses.replace(OPTIONS, max_retakes=1))
    take = turns[1].take
    slow = dataclasses.replace(take.cut.sound, sample_rate_hz=8_000)
    slower = dataclasses.replace(take, cut=dataclasses.replace(take.cut, sound=slow))
    other = dataclasses.replace(turns[1], take=slower)
    with pytest.raises(ShapeError, match="different sample rates"):
        pipeline.gather(SCRIPT, [turns[0], other, *turns[2:]], 5, OPTIONS)
    assert turns[0].voice is not None
    foreign = dataclasses.replace(turns[0].voice, codec_id="x")
    first = dataclasses.replace(turns[0], voice=foreign)
    with pytest.raises(VoiceError, match="made with another codec"):
        pipeline.gather(SCRIPT, [first, *turns[1:]], 5, OPTIONS)
