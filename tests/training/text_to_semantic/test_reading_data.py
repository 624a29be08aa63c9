import pytest
import torch

from pipeline.config.networks import TextTokenizerConfig
from pipeline.errors import ConfigError
from pipeline.tokenizers.text import TextTokenizer, train_text_tokenizer
from training.corpus.phones import UNKNOWN
from training.text_to_semantic.reading_data import ReadingSource, number_sounds
from training.text_to_semantic.readings import Reading

READINGS = (
    Reading(text="is it", sounds=("ih", "z", "", "ih", "t")),
    Reading(text="it sits", sounds=("ih", "t", "", "s", "ih", "t", "s")),
    Reading(text="ox", sounds=("aa", "k s")),
)


def source(n_characters: int = 100) -> ReadingSource:
    model = train_text_tokenizer([reading.text for reading in READINGS], TextTokenizerConfig())
    numbers = number_sounds(READINGS, min_count=2)
    return ReadingSource(READINGS, TextTokenizer(model), numbers, n_characters)


def test_the_commonest_sounds_get_the_lowest_numbers_and_rare_ones_none() -> None:
    numbers = number_sounds(READINGS, min_count=2)
    assert set(numbers) == {"ih", "t", "", "s"}
    assert numbers["ih"] in (0, 1)
    assert "k s" not in numbers


def test_every_character_has_its_sound_and_nothing_else_has(rng: torch.Generator) -> None:
    batch = source().draw(rng)
    assert batch.text_ids.shape == batch.valid.shape == batch.sounds.shape
    assert len(batch.text_ids) == len(READINGS)
    asked = batch.sounds != UNKNOWN
    assert not asked[:, :2].any()
    assert not (asked & ~batch.valid).any()
    numbers = number_sounds(READINGS, min_count=2)
    known = sorted(
        numbers[sound] for reading in READINGS for sound in reading.sounds if sound in numbers
    )
    assert sorted(batch.sounds[asked].tolist()) == known


def test_a_batch_is_about_as_large_as_asked(rng: torch.Generator) -> None:
    for _ in range(20):
        batch = source(n_characters=8).draw(rng)
        assert int(batch.valid[:, 2:].sum()) <= 8 + 7


def test_readings_the_tokenizer_counts_otherwise_are_left_out() -> None:
    model = train_text_tokenizer(["is it"], TextTokenizerConfig())
    odd = Reading(text="is it", sounds=("ih",))
    assert len(ReadingSource([*READINGS[:1], odd], TextTokenizer(model), {"ih": 0}, 10)) == 1


def test_readings_of_which_none_fits_are_refused() -> None:
    model = train_text_tokenizer(["is it"], TextTokenizerConfig())
    odd = Reading(text="is it", sounds=("ih",))
    with pytest.raises(ConfigError, match="of 1 readings the text tokenizer encodes none"):
        ReadingSource([odd], TextTokenizer(model), {"ih": 0}, 10)
