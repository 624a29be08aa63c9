"""Long recordings as tokens."""

from pathlib import Path

import pytest

from benchmarks.passages import VOICES, read_passages
from pipeline.dialogue import DialoguePipeline
from pipeline.runtime.models import Models

SENTENCES = [f"Number {word} is here." for word in ["one", "two", "three", "four", "five", "six"]]


@pytest.fixture(scope="module")
def models(tiny_models: Path) -> Models:
    return DialoguePipeline.load(tiny_models).models


def test_passages_are_long_enough_and_their_tokens_fit(models: Models) -> None:
    passages = read_passages(models, SENTENCES, 2.0, 3)
    rate = models.soundstorm.config.frames_per_semantic
    for passage in passages:
        assert passage.audio_s > 1.9
        assert passage.codes.shape == (
            models.codec.n_levels,
            len(passage.semantic.semantic_ids) * rate,
        )
        starts = passage.semantic.piece_starts
        assert len(starts) == passage.text.count(".") - 1
        assert sorted(starts) == list(starts)
        assert all(0 < start < len(passage.semantic.semantic_ids) for start in starts)
    assert [passage.voice.name for passage in passages] == list(VOICES)


def test_a_prompt_says_something_else(models: Models) -> None:
    first, second = read_passages(models, SENTENCES, 1.0, 2)
    assert SENTENCES[0] not in first.text
    assert first.text != second.text
