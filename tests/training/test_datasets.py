from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.errors import CheckpointError
from training.datasets import (
    AUDIO_NAME,
    INDEX_NAME,
    Corpus,
    TokenCorpus,
    TokenisedUtterance,
    save_sample_rate,
    save_tokens,
    write_rows,
)

ROWS = [
    {"start": 0, "n_samples": 5, "speaker": "a", "source": "flite", "split": "train"},
    {"start": 5, "n_samples": 3, "speaker": "b", "source": "world", "split": "train"},
    {"start": 8, "n_samples": 4, "speaker": "c", "source": "human", "split": "dev"},
]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    (tmp_path / AUDIO_NAME).write_bytes(np.arange(12, dtype=np.int16).tobytes())
    phones = [["hh", 0.1], ["ay", 0.25]]
    write_rows(tmp_path / INDEX_NAME, ({**row, "text": "hi", "phones": phones} for row in ROWS))
    return Corpus(tmp_path)


@pytest.fixture
def tokens(tmp_path: Path) -> TokenCorpus:
    spans = [(0, 2, 0, 4), (2, 3, 4, 6)]
    utterances = [
        TokenisedUtterance(
            semantic_start=semantic_start,
            n_semantic=n_semantic,
            frame_start=frame_start,
            n_frames=n_frames,
            speaker=f"speaker {frame_start}",
            source="flite",
            split="train" if frame_start == 0 else "dev",
        )
        for semantic_start, n_semantic, frame_start, n_frames in spans
    ]
    save_tokens(tmp_path, torch.arange(5), torch.arange(30).view(3, 10), utterances)
    return TokenCorpus(tmp_path)


def test_each_utterance_gets_its_own_samples(corpus: Corpus) -> None:
    joined = np.concatenate([corpus.audio(utterance) for utterance in corpus.utterances])
    assert joined.dtype == np.int16
    assert joined.tolist() == list(range(12))
    assert [len(corpus.audio(utterance)) for utterance in corpus.utterances] == [5, 3, 4]


def test_phones_come_back_as_names_and_end_times(corpus: Corpus) -> None:
    assert corpus.utterances[0].phones == (("hh", 0.1), ("ay", 0.25))


def test_selection_keeps_only_the_split_and_the_sources_asked_for(corpus: Corpus) -> None:
    assert [u.speaker for u in corpus.select("train")] == ["a", "b"]
    assert [u.speaker for u in corpus.select("train", ["world", "human"])] == ["b"]
    assert [u.speaker for u in corpus.select("dev")] == ["c"]


def test_a_folder_that_is_no_corpus_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"utterances\.jsonl is missing; run the stage"):
        Corpus(tmp_path)


def test_tokens_come_back_to_the_utterance_they_came_from(tokens: TokenCorpus) -> None:
    second = tokens.utterances[1]
    assert tokens.semantic_ids(second).tolist() == [2, 3, 4]
    assert tokens.codes(second).tolist() == [list(range(10 * q + 4, 10 * q + 10)) for q in range(3)]


def test_tokens_are_int64_whatever_they_are_stored_as(tokens: TokenCorpus) -> None:
    first = tokens.utterances[0]
    assert tokens.semantic_ids(first).dtype is torch.int64
    assert tokens.codes(first).dtype is torch.int64


def test_selection_of_tokens_keeps_only_the_split_asked_for(tokens: TokenCorpus) -> None:
    assert [u.frame_start for u in tokens.select("dev")] == [4]
    assert tokens.select("dev", ["human"]) == []


def test_a_folder_without_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"tokens\.safetensors is missing"):
        TokenCorpus(tmp_path)


def test_sound_is_given_at_any_rate_and_the_stored_rate_is_remembered(tmp_path: Path) -> None:
    times = np.arange(24_001) / 24_000
    tone = (10_000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
    (tmp_path / AUDIO_NAME).write_bytes(tone.tobytes())
    write_rows(tmp_path / INDEX_NAME, [{**ROWS[0], "n_samples": len(tone), "phones": []}])
    assert Corpus(tmp_path).sample_rate_hz == 16_000
    save_sample_rate(tmp_path, 24_000)
    corpus = Corpus(tmp_path)
    assert corpus.sample_rate_hz == 24_000
    (utterance,) = corpus.utterances
    same = corpus.samples_at(utterance, 24_000)
    assert np.array_equal(same.numpy() * 2.0**15, tone)
    slower = corpus.samples_at(utterance, 16_000)
    assert len(slower) == corpus.length_at(utterance, 16_000) == 16_000
    wanted = 10_000 / 2.0**15 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert np.abs(slower.numpy() - wanted)[100:-100].max() < 1e-3
