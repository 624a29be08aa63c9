import math
from pathlib import Path

import pytest

from pipeline.config.networks import TextTokenizerConfig, TextToSemanticConfig
from pipeline.errors import CheckpointError, ConfigError
from pipeline.tokenizers.text import MODEL_NAME, TextTokenizer, train_text_tokenizer

TEXTS = ["the quick brown fox jumps over the lazy dog.", "is it? yes, it's well-known; stop: go!"]


@pytest.fixture(scope="module")
def model() -> bytes:
    return train_text_tokenizer(TEXTS, TextTokenizerConfig())


@pytest.fixture(scope="module")
def tokenizer(model: bytes) -> TextTokenizer:
    return TextTokenizer(model)


def test_one_id_a_character_and_back(tokenizer: TextTokenizer) -> None:
    for text in TEXTS:
        ids = tokenizer.encode(text)
        assert len(ids) == len(text)
        assert tokenizer.decode(ids) == text
        assert all(0 <= i < tokenizer.n_ids for i in ids)


def test_case_is_dropped(tokenizer: TextTokenizer) -> None:
    assert tokenizer.encode("The Fox") == tokenizer.encode("the fox")


def test_characters_outside_the_alphabet_survive_as_bytes(tokenizer: TextTokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode("fox 狐 9")) == "fox 狐 9"


def test_typed_markers_are_characters(tokenizer: TextTokenizer) -> None:
    markers = {tokenizer.speaker_id(s) for s in tokenizer.speakers} | {
        tokenizer.pace_id(p) for p in (0.5, 1.0, 2.0)
    }
    for typed in ("[S1] hi", "[P5]", "［S1］", "[𝐒1]"):
        assert not markers & set(tokenizer.encode(typed))


def test_markers_pace_and_pad_are_different_ids(tokenizer: TextTokenizer) -> None:
    speakers = [tokenizer.speaker_id(f"S{n}") for n in range(1, 5)]
    paces = [tokenizer.pace_id(0.5 * 4 ** (n / 8)) for n in range(9)]
    assert len({*speakers, *paces, tokenizer.pad_id}) == 14
    assert tokenizer.decode([speakers[0], paces[4]]) == "[S1][P5]"


def test_alphabet_fits_the_network(tokenizer: TextTokenizer) -> None:
    assert tokenizer.n_ids <= TextToSemanticConfig().n_text_ids


def test_pace_bins_are_log_spaced_with_normal_in_the_middle(tokenizer: TextTokenizer) -> None:
    assert tokenizer.pace_bin(1.0) == 4
    assert tokenizer.pace_bin(0.5) == tokenizer.pace_bin(0.1) == 0
    assert tokenizer.pace_bin(2.0) == tokenizer.pace_bin(9.0) == tokenizer.n_pace_bins - 1
    bins = [tokenizer.pace_bin(math.exp(x / 50)) for x in range(-40, 41)]
    assert bins == sorted(bins)
    assert set(bins) == set(range(9))


def test_training_is_repeatable(model: bytes) -> None:
    assert train_text_tokenizer(TEXTS, TextTokenizerConfig()) == model


def test_unknown_speaker_is_refused(tokenizer: TextTokenizer) -> None:
    with pytest.raises(ConfigError, match="no marker for 'S9'; it has S1, S2"):
        tokenizer.speaker_id("S9")


def test_pace_of_nothing_is_refused(tokenizer: TextTokenizer) -> None:
    with pytest.raises(ConfigError, match="pace 0 is not above 0"):
        tokenizer.pace_bin(0)


def test_too_small_an_alphabet_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot make 20 ids"):
        train_text_tokenizer(TEXTS, TextTokenizerConfig(vocabulary_size=20))


def test_model_is_loaded_from_file_or_folder(tmp_path: Path, model: bytes) -> None:
    (tmp_path / MODEL_NAME).write_bytes(model)
    for path in (tmp_path, tmp_path / MODEL_NAME):
        assert TextTokenizer.load(path).encode("fox")


def test_missing_and_damaged_models_are_named(tmp_path: Path, model: bytes) -> None:
    with pytest.raises(CheckpointError, match=r"cannot read .*absent"):
        TextTokenizer.load(tmp_path / "absent")
    (tmp_path / MODEL_NAME).write_bytes(b"not a model at all")
    with pytest.raises(CheckpointError, match=r"not a SentencePiece model .*tokenizer\.model"):
        TextTokenizer.load(tmp_path)
    (tmp_path / MODEL_NAME).write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"tokenizer\.model"):
        TextTokenizer.load(tmp_path)


def test_a_model_without_markers_is_refused() -> None:
    plain = train_text_tokenizer(TEXTS, TextTokenizerConfig(n_speakers=0, n_pace_bins=0))
    with pytest.raises(CheckpointError, match="no speaker markers"):
        TextTokenizer(plain)


def test_markers_stand_where_the_network_expects_them(tokenizer: TextTokenizer) -> None:
    config = TextToSemanticConfig()
    assert tokenizer.speaker_id("S1") == config.first_speaker_id
    assert tokenizer.pace_id(0.5) == config.first_pace_id
    assert (len(tokenizer.speakers), tokenizer.n_pace_bins) == (
        config.n_speakers,
        config.n_pace_bins,
    )
