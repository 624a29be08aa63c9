"""Turns one by one: as the whole, sample for sample, and none changed by what comes later."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import CancelledError, ConfigError
from pipeline.synthesis.options import SynthesisOptions
from pipeline.synthesis.seeds import turn_seed
from pipeline.text_to_semantic.decoding import SamplingOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions

OPTIONS = SynthesisOptions(
    text=TextToSemanticOptions(strict=False, sampling=SamplingOptions(n_candidates=1))
)
"""Random weights do not attend to all of a text: the only try is taken."""

LINES = [
    "[S1] Hello there, my friend.",
    "[S2 gap=-0.3] Hi. {pause 0.4} How are you?",
    "[S1 pace=1.3] Fine.",
    "[S3] And who are you two, out here in the rain?",
    "[S2] Nobody.",
]
VOICES = {"S1": "anna", "S2": None, "S3": None}


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu")


def _whole(
    pipeline: DialoguePipeline, lines: list[str], options: SynthesisOptions = OPTIONS
) -> Dialogue:
    script = "\n".join(lines)
    speakers = {turn.speaker for turn in pipeline.parse(script).turns}
    voices = {speaker: voice for speaker, voice in VOICES.items() if speaker in speakers}
    return pipeline.synthesize(script, voices, 5, options)


def _streamed(pipeline: DialoguePipeline, options: SynthesisOptions = OPTIONS) -> list[SpokenTurn]:
    return list(pipeline.stream("\n".join(LINES), VOICES, 5, options))


@pytest.fixture(scope="module")
def whole(pipeline: DialoguePipeline) -> Dialogue:
    return _whole(pipeline, LINES)


def _assert_same_turn(one: Dialogue, other: Dialogue, turn: int) -> None:
    assert one.semantic[turn].semantic_ids.equal(other.semantic[turn].semantic_ids)
    assert one.acoustic[turn].codes.equal(other.acoustic[turn].codes)
    assert np.array_equal(one.sounds[turn].samples, other.sounds[turn].samples)
    assert one.starts[turn] == other.starts[turn]
    assert one.captions[turn] == other.captions[turn]


@pytest.mark.parametrize("mode", ["turns", "window"])
def test_a_stream_is_the_whole_sample_for_sample(pipeline: DialoguePipeline, mode: str) -> None:
    options = dataclasses.replace(OPTIONS, mode=mode)
    whole, turns = _whole(pipeline, LINES, options), _streamed(pipeline, options)
    assert np.array_equal(np.concatenate([turn.mix.samples for turn in turns]), whole.mix.samples)
    assert tuple(turn.caption for turn in turns) == whole.captions
    assert tuple(turn.turn for turn in turns) == whole.turns
    assert tuple(turn.start for turn in turns) == whole.starts
    assert tuple(turn.take.seed for turn in turns) == whole.turn_seeds
    assert tuple(turn.take.check for turn in turns) == whole.voice_checks
    assert tuple(note for turn in turns for note in turn.notes) == whole.notes
    for turn, sound, semantic, acoustic in zip(
        turns, whole.sounds, whole.semantic, whole.acoustic, strict=True
    ):
        assert np.array_equal(turn.sound.samples, sound.samples)
        assert turn.take.semantic.semantic_ids.equal(semantic.semantic_ids)
        assert turn.take.acoustic.codes.equal(acoustic.codes)


@pytest.mark.parametrize("changed", [1, 3, 4])
def test_another_text_changes_no_turn_before_it(
    pipeline: DialoguePipeline, whole: Dialogue, changed: int
) -> None:
    lines = list(LINES)
    lines[changed] = f"{lines[changed].split(']')[0]}] Something else, and longer."
    edited = _whole(pipeline, lines)
    for turn in range(changed):
        _assert_same_turn(whole, edited, turn)
    assert not edited.semantic[changed].semantic_ids.equal(whole.semantic[changed].semantic_ids)


def test_another_text_changes_no_turn_but_its_own_and_the_next_if_voices_are_given(
    pipeline: DialoguePipeline,
) -> None:
    given = {"S1": "anna", "S2": "ben", "S3": "anna"}
    before = pipeline.synthesize("\n".join(LINES), given, 5, OPTIONS)
    edited = pipeline.synthesize("\n".join(["[S1] No.", *LINES[1:]]), given, 5, OPTIONS)
    for turn in range(2, len(LINES)):
        assert edited.acoustic[turn].codes.equal(before.acoustic[turn].codes)
        assert np.array_equal(edited.sounds[turn].samples, before.sounds[turn].samples)


@pytest.mark.parametrize("n_lines", [1, 3])
def test_turns_at_the_end_change_none_before_them(
    pipeline: DialoguePipeline, whole: Dialogue, n_lines: int
) -> None:
    shorter = _whole(pipeline, LINES[:n_lines])
    for turn in range(n_lines):
        _assert_same_turn(shorter, whole, turn)


def test_every_turn_has_its_own_derived_seed(whole: Dialogue) -> None:
    assert whole.turn_seeds == tuple(turn_seed(5, index) for index in range(len(LINES)))


def test_a_retake_leaves_the_sound_of_all_other_turns(pipeline: DialoguePipeline) -> None:
    before = _whole(pipeline, LINES)
    after = _whole(pipeline, LINES, dataclasses.replace(OPTIONS, max_retakes=3))
    for a, b, one, other in zip(
        before.acoustic, after.acoustic, before.sounds, after.sounds, strict=True
    ):
        assert a.codes.equal(b.codes) == np.array_equal(one.samples, other.samples)


def test_retakes_cannot_be_streamed(pipeline: DialoguePipeline) -> None:
    options = dataclasses.replace(OPTIONS, max_retakes=1)
    with pytest.raises(ConfigError, match="cannot be streamed"):
        next(pipeline.stream("[S1] Hi.", options=options))


def test_a_stream_may_be_closed_early_and_begun_again(
    pipeline: DialoguePipeline, whole: Dialogue
) -> None:
    for _ in range(2):
        turns = pipeline.stream("\n".join(LINES), VOICES, 5, OPTIONS)
        first = next(turns)
        turns.close()
        assert np.array_equal(first.sound.samples, whole.sounds[0].samples)


def test_only_the_first_turn_is_made_before_it_is_given(pipeline: DialoguePipeline) -> None:
    seen: list[tuple[str, float]] = []
    turns = pipeline.stream(
        "\n".join(LINES), VOICES, 5, OPTIONS, lambda name, n, of: seen.append((name, n / of))
    )
    next(turns)
    assert 0.0 < max(done for name, done in seen if name == "semantic") < 0.5
    list(turns)
    for stage in dict(seen):
        shares = [done for name, done in seen if name == stage]
        assert shares == sorted(shares), stage
        assert (shares[0], shares[-1]) == (0.0, 1.0), stage


def test_a_stream_can_be_stopped_between_turns(pipeline: DialoguePipeline) -> None:
    stopped = False

    def listen(stage: str, done: int, total: int) -> None:
        if stopped:
            raise CancelledError("enough")

    turns = pipeline.stream("\n".join(LINES), VOICES, 5, OPTIONS, listen)
    next(turns)
    stopped = True
    with pytest.raises(CancelledError, match="enough"):
        next(turns)


def test_stems_are_the_speakers_turns_in_their_places(whole: Dialogue) -> None:
    assert list(whole.stems) == ["S1", "S2", "S3"]
    total = np.sum([stem.samples for stem in whole.stems.values()], axis=0)
    np.testing.assert_allclose(total, whole.mix.samples, atol=1e-6)


def test_the_voices_that_were_heard_are_told_made_up_ones_too(whole: Dialogue) -> None:
    assert {speaker: voice.name for speaker, voice in whole.voices.items()} == {
        "S1": "anna", "S2": "made up for S2", "S3": "made up for S3"
    }  # fmt: skip
