"""Voices are checked and flagged turns spoken again, on the real path with tiny networks."""

import dataclasses
import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.datatypes.dialogue import Dialogue
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import ConfigError
from pipeline.synthesis.options import SynthesisOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions
from pipeline.voices.speaker_encoder import SpeakerEncoder

SCRIPT = "Anna: Hello there, my friend.\nBen: Hi, Anna.\nAnna: Where have you been so long?"
VOICES = {"Anna": "anna", "Ben": "ben"}
TEXT = TextToSemanticOptions(strict=False)
"""Random weights do not attend to all of a text: the best try is taken."""


def _options(max_retakes: int = 0, check_voices: bool = True) -> SynthesisOptions:
    return SynthesisOptions(text=TEXT, max_retakes=max_retakes, check_voices=check_voices)


def _pipeline(folder: Path, threshold: float) -> DialoguePipeline:
    """A tiny pipeline whose encoder flags whatever is less similar than the threshold."""
    loaded = DialoguePipeline.load(folder, device="cpu")
    trained = loaded.models.speaker
    assert trained is not None
    encoder = SpeakerEncoder(dataclasses.replace(trained.config, threshold=threshold)).eval()
    encoder.load_state_dict(trained.state_dict())
    models = dataclasses.replace(loaded.models, speaker=encoder)
    pipeline = DialoguePipeline(models, folder / "voices")
    pipeline.limits = dataclasses.replace(pipeline.limits, min_checked_speech_s=0.05)
    return pipeline


@pytest.fixture(scope="module")
def strict(tiny_models: Path) -> DialoguePipeline:
    """Flags every turn."""
    return _pipeline(tiny_models, threshold=1.0)


@pytest.fixture(scope="module")
def plain(strict: DialoguePipeline) -> Dialogue:
    return strict.synthesize(SCRIPT, VOICES, seed=3, options=_options())


@pytest.fixture(scope="module")
def retaken(strict: DialoguePipeline) -> Dialogue:
    return strict.synthesize(SCRIPT, VOICES, seed=3, options=_options(max_retakes=12))


def _changed(before: Dialogue, after: Dialogue) -> list[int]:
    pairs = zip(before.acoustic, after.acoustic, strict=True)
    return [turn for turn, (a, b) in enumerate(pairs) if not a.codes.equal(b.codes)]


def test_every_turn_is_compared_with_its_prompt(plain: Dialogue) -> None:
    assert [check.turn for check in plain.voice_checks] == [0, 1, 2]
    for check in plain.voice_checks:
        assert check.flagged
        assert check.similarity is not None
        assert check.nearest_similarity is not None
        assert -1.0 <= check.similarity <= check.nearest_similarity <= 1.0
        assert check.nearest in {"S1", "S2"}
    assert len([note for note in plain.notes if str(note).startswith("line ")]) == 3


def test_checking_alone_changes_nothing_that_is_heard(
    strict: DialoguePipeline, plain: Dialogue
) -> None:
    unchecked = strict.synthesize(SCRIPT, VOICES, 3, _options(check_voices=False))
    assert unchecked.voice_checks == ()
    assert np.array_equal(unchecked.mix.samples, plain.mix.samples)


def test_retakes_only_ever_bring_turns_nearer_to_their_voices(
    plain: Dialogue, retaken: Dialogue
) -> None:
    changed = _changed(plain, retaken)
    assert changed, "twelve takes of random networks should hold one that is more like the voice"
    for turn, (before, after) in enumerate(
        zip(plain.voice_checks, retaken.voice_checks, strict=True)
    ):
        assert before.similarity is not None
        assert after.similarity is not None
        assert (after.similarity > before.similarity) == (turn in changed)
        assert after.similarity >= before.similarity
    for a, b in zip(plain.semantic, retaken.semantic, strict=True):
        assert a.semantic_ids.equal(b.semantic_ids)
    assert sum("spoken again" in str(note) for note in retaken.notes) == 3


def test_a_retake_changes_the_samples_of_its_turn_only(
    strict: DialoguePipeline, plain: Dialogue
) -> None:
    once = next(
        dialogue
        for seed in range(20)
        if (dialogue := strict.synthesize(SCRIPT, VOICES, seed, _options(max_retakes=1)))
        and any("rose from" in str(note) for note in dialogue.notes)
    )
    before = strict.synthesize(SCRIPT, VOICES, once.seed, _options())
    (changed,) = _changed(before, once)
    for turn, (a, b) in enumerate(zip(before.captions, once.captions, strict=True)):
        was, now = _sound_of(before, turn), _sound_of(once, turn)
        if turn == changed:
            assert not np.array_equal(was, now)
        else:
            assert a.end_s - a.start_s == pytest.approx(b.end_s - b.start_s)
            assert np.array_equal(was, now)


def _sound_of(dialogue: Dialogue, turn: int) -> np.ndarray:
    """The stem's samples while a turn is spoken."""
    caption = dialogue.captions[turn]
    rate = dialogue.mix.sample_rate_hz
    stem = dialogue.stems[caption.speaker].samples
    return stem[round(caption.start_s * rate) : round(caption.end_s * rate)]


def test_the_same_seed_gives_the_same_retakes(strict: DialoguePipeline, retaken: Dialogue) -> None:
    again = strict.synthesize(SCRIPT, VOICES, seed=3, options=_options(max_retakes=12))
    assert np.array_equal(again.mix.samples, retaken.mix.samples)
    assert again.notes == retaken.notes
    assert again.voice_checks == retaken.voice_checks


def test_a_larger_budget_begins_with_the_takes_of_a_smaller_one(
    strict: DialoguePipeline, retaken: Dialogue
) -> None:
    fewer = strict.synthesize(SCRIPT, VOICES, seed=3, options=_options(max_retakes=3))
    for small, large in zip(fewer.voice_checks, retaken.voice_checks, strict=True):
        assert small.similarity is not None
        assert large.similarity is not None
        assert small.similarity <= large.similarity


def test_turns_that_sound_right_are_not_spoken_again(tiny_models: Path) -> None:
    lenient = _pipeline(tiny_models, threshold=-1.0)
    script = "Anna: Hello there.\nAnna: Hello again."  # nobody else could be nearer
    first = lenient.synthesize(script, {"Anna": "anna"}, 0, _options())
    again = lenient.synthesize(script, {"Anna": "anna"}, 0, _options(max_retakes=4))
    assert not any(check.flagged for check in first.voice_checks)
    assert np.array_equal(first.mix.samples, again.mix.samples)
    assert again.notes == first.notes


def test_a_made_up_voice_is_checked_against_its_first_seconds(strict: DialoguePipeline) -> None:
    spoken = strict.synthesize("Anna: Hello there, my friend.", {"Anna": None}, 0, _options())
    assert spoken.voice_checks[0].nearest == "S1"


def test_retakes_are_reported_as_part_of_the_check(strict: DialoguePipeline) -> None:
    seen: list[tuple[str, int, int]] = []
    strict.synthesize(
        "Anna: Hello there, my friend.",
        {"Anna": "anna"},
        options=_options(max_retakes=2),
        on_progress=lambda *counts: seen.append(counts),
    )
    shares = [done / total for stage, done, total in seen if stage == "check"]
    steps = [share for share, _ in itertools.groupby(shares)]  # each pass of a take asks, too
    assert steps == [0.0, 0.5, 0.75, 1.0]


def test_weights_without_an_encoder_speak_but_cannot_retake(
    tiny_models: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_models, tmp_path / "models")
    shutil.rmtree(folder / "speaker")
    pipeline = DialoguePipeline.load(folder, device="cpu")
    assert pipeline.synthesize(SCRIPT, VOICES, 3, _options()).voice_checks == ()
    with pytest.raises(ConfigError, match=r"no speaker encoder.*training\.speaker"):
        pipeline.synthesize(SCRIPT, VOICES, 3, _options(max_retakes=1))


def test_retakes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="must be 0 or more, is -1"):
        SynthesisOptions(max_retakes=-1)
    with pytest.raises(ConfigError, match="need check_voices"):
        SynthesisOptions(max_retakes=1, check_voices=False)
