import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.tokenizers.semantic import log_mel
from training.corpus.phones import PHONES, UNKNOWN
from training.datasets import AUDIO_NAME, INDEX_NAME, Corpus, Utterance, write_rows
from training.semantic.data import (
    CHARACTERS,
    AugmentConfig,
    MelStore,
    build_batch,
    character_classes,
    mel_phones,
)


@pytest.fixture
def store(tmp_path: Path) -> tuple[Corpus, MelStore]:
    """One second of a low tone, one of a high tone; and half a second of noise without labels."""
    noise = np.random.default_rng(0)
    time_s = np.arange(16_000) / 16_000
    tones = [np.sin(2 * np.pi * hz * time_s) for hz in (300, 3_000)]
    sounds = [np.concatenate(tones), noise.standard_normal(8_000)]
    with (tmp_path / AUDIO_NAME).open("wb") as file:
        for sound in sounds:
            file.write((3_000 * sound).astype(np.int16).tobytes())
    labelled = Utterance(
        start=0,
        n_samples=32_000,
        speaker="a",
        source="flite",
        split="train",
        text="Ab c",
        phones=(("ow", 1.0), ("iy", 2.0)),
    )
    other = Utterance(
        start=32_000, n_samples=8_000, speaker="b", source="human", split="train", text=""
    )
    write_rows(tmp_path / INDEX_NAME, [dataclasses.asdict(u) for u in (labelled, other)])
    corpus = Corpus(tmp_path)
    return corpus, MelStore(corpus, tmp_path / "mel.f16", tiny().semantic)


def test_stored_spectra_are_those_of_the_sound(store: tuple[Corpus, MelStore]) -> None:
    corpus, mels = store
    for utterance in corpus.utterances:
        samples = torch.from_numpy(corpus.audio(utterance).astype(np.float32) / 2.0**15)
        expected = log_mel(samples)
        stored = mels.mel(utterance)
        assert len(stored) == mels.n_frames(utterance) == 4 * ((len(samples) + 320) // 640)
        n_common = min(len(expected), len(stored))
        torch.testing.assert_close(stored[:n_common], expected[:n_common], atol=2e-2, rtol=0)
        part = mels.mel(utterance, 10, 20)
        assert torch.equal(part, stored[10:20])


def test_labels_change_where_the_sound_does(
    store: tuple[Corpus, MelStore], rng: torch.Generator
) -> None:
    corpus, mels = store
    augment = AugmentConfig(max_formant_shift=1.0, noise_share=0.0, max_band_bins=0, hidden_share=0)
    for _ in range(10):
        batch = build_batch(mels, corpus.utterances[:1], 40, augment, rng)
        low = batch.phones[0] == PHONES.index("ow")
        assert set(batch.phones[0].tolist()) <= {PHONES.index("ow"), PHONES.index("iy")}
        if 3 < int(low.sum()) < len(low) - 3:
            bass = batch.clean[0, :, 5]
            assert float(bass[low][:-2].min()) > float(bass[~low][2:].max())
            break
    else:
        pytest.fail("no crop held the change")


def test_without_disguise_a_whole_utterance_stays_as_it_is(
    store: tuple[Corpus, MelStore], rng: torch.Generator
) -> None:
    corpus, mels = store
    batch = build_batch(mels, corpus.utterances, 200, None, rng)
    assert batch.features.shape == (2, 100, 160)
    assert batch.valid.sum(dim=1).tolist() == [100, 26]
    assert torch.equal(batch.features, batch.clean)
    assert not batch.hidden.any()
    assert bool((batch.phones[1] == UNKNOWN).all())
    assert batch.phones[0].tolist() == mel_phones(corpus.utterances[0], 200)[1::2].tolist()
    assert [len(targets) for targets in batch.characters] == [4, 0]


def test_a_cropped_utterance_has_no_transcript(
    store: tuple[Corpus, MelStore], rng: torch.Generator
) -> None:
    corpus, mels = store
    batch = build_batch(mels, corpus.utterances[:1], 40, None, rng)
    assert batch.features.shape[1] == 40
    assert len(batch.characters[0]) == 0


def test_about_the_share_asked_for_is_hidden_and_nothing_else_changes(
    store: tuple[Corpus, MelStore], rng: torch.Generator
) -> None:
    corpus, mels = store
    augment = AugmentConfig(hidden_share=0.2)
    batch = build_batch(mels, [corpus.utterances[0]] * 30, 80, augment, rng)
    assert 0.1 < float(batch.hidden[batch.valid].float().mean()) < 0.25
    assert not batch.hidden[~batch.valid].any()
    same = (batch.features == batch.clean).all(dim=-1)
    assert torch.equal(same, ~batch.hidden)


def test_the_same_seed_gives_the_same_batch(store: tuple[Corpus, MelStore]) -> None:
    corpus, mels = store
    first, second = (
        build_batch(mels, corpus.utterances, 50, AugmentConfig(), torch.Generator().manual_seed(3))
        for _ in range(2)
    )
    assert torch.equal(first.features, second.features)
    assert torch.equal(first.phones, second.phones)


def test_transcripts_become_letters_and_digits_refuse() -> None:
    classes = character_classes("  Well, it's  O-K! ")
    assert "".join(CHARACTERS[number - 1] for number in classes.tolist()) == "well it's o k"
    assert int(classes.min()) >= 1  # 0 is CTC's blank
    assert len(character_classes("in 1999")) == 0
