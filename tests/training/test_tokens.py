import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.config.sizes import tiny
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import save_network
from pipeline.tokenizers.semantic import SemanticTokenizer, build_encoder
from pipeline.tokenizers.spectral_codec import SpectralCodec
from training.config import StageOptions
from training.datasets import AUDIO_NAME, INDEX_NAME, Corpus, TokenCorpus, Utterance, write_rows
from training.tokens import (
    batches_of_like_length,
    encode_in_parts,
    encode_with_codec,
    frames_per_semantic_id,
    run,
)

LENGTHS = (16_000, 5_003, 9_999, 640 * 7 + 320, 640 * 7 + 319, 100)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    noise = np.random.default_rng(0)
    folder = tmp_path / "corpus"
    folder.mkdir()
    rows, start = [], 0
    with (folder / AUDIO_NAME).open("wb") as file:
        for number, n_samples in enumerate(LENGTHS):
            file.write((noise.standard_normal(n_samples) * 2_000).astype(np.int16).tobytes())
            utterance = Utterance(
                start=start,
                n_samples=n_samples,
                speaker=f"s{number}",
                source="human",
                split="train",
                text=f"text {number}",
            )
            rows.append(dataclasses.asdict(utterance))
            start += n_samples
    write_rows(folder / INDEX_NAME, rows)
    return Corpus(folder)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = tiny()
    tokenizer = SemanticTokenizer(config.semantic, build_encoder(config.semantic))
    tokenizer.quantiser.centroids.normal_(generator=torch.Generator().manual_seed(0))
    tokenizer.save(tmp_path / "models" / "semantic")
    codec = SpectralCodec(config.codec)
    save_network(tmp_path / "models" / "codec", config.codec, codec)
    return tmp_path / "models"


def test_every_utterance_has_exactly_two_frames_for_every_id(
    corpus: Corpus, models: Path, tmp_path: Path
) -> None:
    options = StageOptions(size="tiny", data=tmp_path, out=tmp_path, device="cpu")
    run(options)
    tokens = TokenCorpus(tmp_path / "tokens")
    tokenizer = SemanticTokenizer.load(models / "semantic")
    assert [u.text for u in tokens.utterances] == [u.text for u in corpus.utterances]
    for spoken, found in zip(corpus.utterances, tokens.utterances, strict=True):
        samples = torch.from_numpy(corpus.audio(spoken).astype(np.float32) / 2.0**15)
        ids, codes = tokens.semantic_ids(found), tokens.codes(found)
        assert len(ids) == len(tokenizer.encode(samples))
        assert codes.shape == (tiny().codec.n_levels, 2 * len(ids))
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "tokens/parts").iterdir()}
    run(options)
    assert {path: path.stat().st_mtime_ns for path in parts} == parts


def test_a_finished_part_is_not_encoded_again(corpus: Corpus, tmp_path: Path) -> None:
    calls: list[int] = []

    def encode(recordings: list[Tensor]) -> list[Tensor]:
        calls.append(len(recordings))
        return [torch.tensor([len(samples)]) for samples in recordings]

    first = encode_in_parts(corpus, encode, tmp_path / "parts" / "x", 16_000)
    assert first.tolist() == list(LENGTHS)
    assert sum(calls) == len(LENGTHS)
    again = encode_in_parts(corpus, encode, tmp_path / "parts" / "x", 16_000)
    assert torch.equal(again, first)
    assert sum(calls) == len(LENGTHS)


class _Codec:
    """Codes that say how loud each hop is."""

    n_levels, n_codes, identity = 1, 4, "loudness"
    codebooks = torch.zeros(1, 4, 1)

    def __init__(self, frame_rate_hz: float = 50.0, sample_rate_hz: int = 16_000) -> None:
        self.frame_rate_hz, self.sample_rate_hz = frame_rate_hz, sample_rate_hz

    def encode(self, samples: Tensor) -> Tensor:
        return samples.unfold(1, 320, 320).abs().amax(dim=-1).round().to(torch.int64).unsqueeze(1)

    def decode(self, codes: Tensor) -> Tensor:
        return codes[:, 0].repeat_interleave(320, dim=1).to(torch.float32)


def test_sound_is_cut_or_padded_at_its_end_only() -> None:
    recordings = [torch.ones(640 * 2 + 300), torch.ones(640 * 2 - 300)]
    codes = encode_with_codec(_Codec(), recordings, tiny().semantic, torch.device("cpu"))
    assert [row.tolist() for row in codes] == [[[1, 1, 1, 1]], [[1, 1, 1, 1]]]
    shorter = encode_with_codec(_Codec(), [torch.ones(320)], tiny().semantic, torch.device("cpu"))
    assert shorter[0].tolist() == [[1, 0]]


def test_a_codec_of_another_sample_rate_gives_as_many_frames_as_its_own_rate_asks() -> None:
    codec = _Codec(frame_rate_hz=75.0, sample_rate_hz=24_000)
    assert frames_per_semantic_id(codec, tiny().semantic) == 3
    recordings = [torch.ones(960 * 2 + 479), torch.ones(960 * 2 + 480)]
    codes = encode_with_codec(codec, recordings, tiny().semantic, torch.device("cpu"))
    assert [row.shape for row in codes] == [(1, 6), (1, 9)]


def test_a_codec_whose_frames_do_not_fit_the_ids_is_refused() -> None:
    assert frames_per_semantic_id(_Codec(), tiny().semantic) == 2
    with pytest.raises(ConfigError, match="does not fit"):
        frames_per_semantic_id(_Codec(60.0), tiny().semantic)


def test_batches_hold_everything_once_and_stay_small() -> None:
    lengths = [5, 100, 1, 7, 6, 50, 3]
    batches = batches_of_like_length(lengths, 20)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[index] for index in batch)
        assert len(batch) == 1 or longest * len(batch) <= 20
