"""Log-mel spectra of the whole corpus in one file, and batches of crops that hide who speaks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.config.networks import SemanticConfig
from pipeline.files.atomic import write_atomically
from pipeline.tokenizers.semantic import (
    MEL_HOP_SAMPLES,
    MEL_WINDOW_SAMPLES,
    N_FEATURES,
    N_MELS,
    n_ids_of,
    normalise_mel,
    utterance_mel,
)
from training.corpus.phones import UNKNOWN, frame_phones
from training.datasets import Corpus, Utterance

CHARACTERS = " abcdefghijklmnopqrstuvwxyz'"
"""What the recogniser's head writes; class 0 is CTC's blank, so "a" is 2."""

SYNTHETIC = ("flite", "world")
"""Sources whose phones are known."""

_SAMPLE_RATE_HZ = 16_000
_HOP_S = MEL_HOP_SAMPLES / _SAMPLE_RATE_HZ
_CENTRE_S = MEL_WINDOW_SAMPLES / _SAMPLE_RATE_HZ / 2
_MEL_PER_FRAME = N_FEATURES // N_MELS


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentConfig:
    """How a crop is disguised.

    Attributes:
        max_speed: speed is drawn from [1 / max_speed, max_speed], log-uniformly.
        max_formant_shift: the same for the factor that scales the frequency axis (VTLP).
        noise_share: share of crops that get white noise,
        noise_db: at a level drawn from this range below the crop's own, dB.
        max_band_bins: widest band of mel bins that is blanked.
        hidden_share: share of frames that are hidden, in spans of `hidden_frames` (20 ms each).
    """

    max_speed: float = 1.12
    max_formant_shift: float = 1.18
    noise_share: float = 0.4
    noise_db: tuple[float, float] = (10.0, 40.0)
    max_band_bins: int = 12
    hidden_share: float = 0.15
    hidden_frames: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticBatch:
    """Crops for the encoder and what its heads should say.

    Attributes:
        clean: (B, T, 160) float32, normalised features at 50 Hz before hiding.
        features: (B, T, 160) float32, what the encoder sees.
        valid: (B, T) bool, true where there is sound.
        hidden: (B, T) bool, true where the sound was replaced by noise.
        phones: (B, T) int64 classes or `UNKNOWN`.
        characters: for each row the CTC targets (U,) int64; empty where unknown or cropped.
    """

    clean: Tensor
    features: Tensor
    valid: Tensor
    hidden: Tensor
    phones: Tensor
    characters: tuple[Tensor, ...]


class MelStore:
    """Log-mel spectra of a corpus, float16 in one file that is made once and then memory-mapped.

    Args:
        corpus: the recordings.
        path: the file; made if it is missing.
        config: rates.
    """

    def __init__(self, corpus: Corpus, path: Path, config: SemanticConfig) -> None:
        lengths = [corpus.length_at(u, _SAMPLE_RATE_HZ) for u in corpus.utterances]
        counts = [4 * n_ids_of(n_samples, config) for n_samples in lengths]
        starts = np.concatenate([[0], np.cumsum(counts)])
        self._spans = {
            u.start: (int(starts[row]), int(starts[row + 1]))
            for row, u in enumerate(corpus.utterances)
        }
        self._mel: np.memmap[tuple[int, int], np.dtype[np.float16]]
        n_bytes = int(starts[-1]) * N_MELS * 2
        if not path.is_file() or path.stat().st_size != n_bytes:
            write_atomically(path, lambda file: self._fill(file, corpus))
        self._mel = np.memmap(path, dtype=np.float16, mode="r", shape=(int(starts[-1]), N_MELS))

    def _fill(self, path: Path, corpus: Corpus) -> None:
        with path.open("wb") as file:
            for utterance in corpus.utterances:
                start, end = self._spans[utterance.start]
                samples = corpus.samples_at(utterance, _SAMPLE_RATE_HZ)
                mel = utterance_mel(samples, (end - start) // 4)
                file.write(mel.to(torch.float16).numpy().tobytes())

    def n_frames(self, utterance: Utterance) -> int:
        """Mel frames of an utterance: four for each id."""
        start, end = self._spans[utterance.start]
        return end - start

    def mel(self, utterance: Utterance, start: int = 0, end: int | None = None) -> Tensor:
        """Mel frames (end - start, 80) float32, not normalised, of an utterance."""
        first, last = self._spans[utterance.start]
        stop = last if end is None else min(last, first + end)
        return torch.from_numpy(self._mel[first + start : stop].astype(np.float32))


def mel_phones(utterance: Utterance, n_frames: int) -> Tensor:
    """Phone (n_frames,) int64 at the centre of every mel frame of 10 ms."""
    return frame_phones(utterance.phones, n_frames, _HOP_S, _CENTRE_S)


def character_classes(text: str) -> Tensor:
    """CTC targets (U,) int64 of a transcript; empty if it has digits: their reading is unknown."""
    lowered = text.lower().replace("-", " ")
    if any(character.isdigit() for character in lowered):
        return torch.zeros(0, dtype=torch.int64)
    kept = " ".join("".join(c for c in lowered if c in CHARACTERS).split())
    return torch.tensor([CHARACTERS.index(c) + 1 for c in kept], dtype=torch.int64)


def build_batch(
    store: MelStore,
    utterances: Sequence[Utterance],
    crop_frames: int,
    augment: AugmentConfig | None,
    rng: torch.Generator,
) -> SemanticBatch:
    """Crop, disguise, normalise and hide.

    Args:
        store: where the spectra are.
        utterances: one a row.
        crop_frames: longest row, in frames of 20 ms.
        augment: how to disguise; `None`: as recorded and nothing hidden.
        rng: CPU generator.
    """
    rows = [_crop(store, utterance, crop_frames, augment, rng) for utterance in utterances]
    clean = nn.utils.rnn.pad_sequence([features for features, _, _ in rows], batch_first=True)
    phones = nn.utils.rnn.pad_sequence(
        [labels for _, labels, _ in rows], batch_first=True, padding_value=UNKNOWN
    )
    lengths = torch.tensor([len(features) for features, _, _ in rows])
    valid = torch.arange(clean.shape[1]) < lengths.unsqueeze(1)
    hidden = torch.zeros_like(valid) if augment is None else _draw_spans(valid, augment, rng)
    noise = 0.1 * torch.randn(clean.shape, generator=rng)
    return SemanticBatch(
        clean=clean,
        features=torch.where(hidden.unsqueeze(-1), noise, clean),
        valid=valid,
        hidden=hidden,
        phones=phones,
        characters=tuple(
            character_classes(u.text) if whole else torch.zeros(0, dtype=torch.int64)
            for u, (_, _, whole) in zip(utterances, rows, strict=True)
        ),
    )


def _uniform(low: float, high: float, rng: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=rng))


def _crop(
    store: MelStore,
    utterance: Utterance,
    crop_frames: int,
    augment: AugmentConfig | None,
    rng: torch.Generator,
) -> tuple[Tensor, Tensor, bool]:
    """(features (T, 160), phones (T,), whether nothing was cut off) of one utterance."""
    n_mel = store.n_frames(utterance)
    speed = 1.0 if augment is None else _log_uniform(augment.max_speed, rng)
    n_frames = max(2, min(crop_frames, int(n_mel / speed) // _MEL_PER_FRAME))
    n_taken = min(n_mel, math.ceil(n_frames * _MEL_PER_FRAME * speed) + 1)
    whole = n_frames < crop_frames
    start = int(torch.randint(n_mel - n_taken + 1, (), generator=rng))
    mel = store.mel(utterance, start, start + n_taken)
    positions = (torch.arange(n_frames * _MEL_PER_FRAME) * speed).clamp_max(n_taken - 1)
    mel = _interpolated(mel, positions)
    if augment is not None:
        mel = _disguised(mel, augment, rng)
    mel = normalise_mel(mel)
    if augment is not None:
        width = int(torch.randint(augment.max_band_bins + 1, (), generator=rng))
        low = int(torch.randint(N_MELS - width + 1, (), generator=rng))
        mel[:, low : low + width] = 0.0
    centres = (positions.reshape(-1, _MEL_PER_FRAME).mean(dim=1) + 0.5).to(torch.int64)
    phones = mel_phones(utterance, n_mel + 1)[start + centres]
    return mel.reshape(-1, N_FEATURES), phones, whole


def _log_uniform(most: float, rng: torch.Generator) -> float:
    return math.exp(_uniform(-math.log(most), math.log(most), rng))


def _interpolated(values: Tensor, positions: Tensor) -> Tensor:
    """Rows of `values` (F, ...) at fractional positions."""
    below = positions.to(torch.int64)
    above = (below + 1).clamp_max(len(values) - 1)
    return torch.lerp(values[below], values[above], (positions - below).unsqueeze(-1))


def _mel_of_hz(hz: Tensor) -> Tensor:
    return 1127.0 * torch.log1p(hz / 700.0)


def _disguised(mel: Tensor, augment: AugmentConfig, rng: torch.Generator) -> Tensor:
    """Scale the frequency axis as another vocal tract would, and add white noise."""
    lowest, highest = _mel_of_hz(torch.tensor([20.0, _SAMPLE_RATE_HZ / 2])).tolist()
    step = (highest - lowest) / (N_MELS + 1)
    hz = 700.0 * torch.expm1((lowest + step * torch.arange(1, N_MELS + 1)) / 1127.0)
    warped = _mel_of_hz(hz * _log_uniform(augment.max_formant_shift, rng))
    bins = ((warped - lowest) / step - 1.0).clamp(0, N_MELS - 1)
    mel = _interpolated(mel.T, bins).T
    if float(torch.rand((), generator=rng)) < augment.noise_share:
        level = mel.exp().mean().log() - _uniform(*augment.noise_db, rng) * math.log(10.0) / 10.0
        mel = torch.logaddexp(mel, level + 0.5 * torch.randn(mel.shape, generator=rng))
    return mel.contiguous()


def _draw_spans(valid: Tensor, augment: AugmentConfig, rng: torch.Generator) -> Tensor:
    """Spans (B, T) bool that cover about `hidden_share` of what is valid."""
    begins = torch.rand(valid.shape, generator=rng) < augment.hidden_share / augment.hidden_frames
    spans = begins.clone()
    for shift in range(1, augment.hidden_frames):
        spans[:, shift:] |= begins[:, :-shift]
    return spans & valid
