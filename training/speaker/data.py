"""Crops of speakers: batches to learn from, and held-out prompts and turns to be told apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.audio.read import resample
from pipeline.tokenizers.codec import Codec
from training.datasets import Corpus, Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class Crops:
    """Pieces of sound.

    Attributes:
        samples: (B, N) float32, silent after each row's own end.
        n_samples: (B,) int64, sound in each row.
        speakers: (B,) int64, equal where the speaker is.
        utterances: (B,) int64, equal where the recording is.
    """

    samples: Tensor
    n_samples: Tensor
    speakers: Tensor
    utterances: Tensor


class SpeakerSource:
    """The utterances of one kind and split, by speaker.

    Args:
        corpus: where the sound is.
        utterances: of one kind and split.
        sample_rate_hz: of the crops.
    """

    def __init__(
        self, corpus: Corpus, utterances: Sequence[Utterance], sample_rate_hz: int
    ) -> None:
        self._corpus, self._rate_hz = corpus, sample_rate_hz
        spoken: dict[str, list[Utterance]] = {}
        for utterance in utterances:
            spoken.setdefault(utterance.speaker, []).append(utterance)
        self._spoken = list(spoken.values())

    @property
    def n_speakers(self) -> int:
        """How many speak."""
        return len(self._spoken)

    def draw(self, n_speakers: int, n_each: int, n_samples: int, rng: torch.Generator) -> Crops:
        """Crops of some speakers, from different utterances of each where there are enough.

        Args:
            n_speakers: P; fewer are drawn if there are fewer.
            n_each: K crops of each.
            n_samples: longest crop.
            rng: chooses speakers, utterances and places.

        Returns:
            P * K crops, those of a speaker one after another.
        """
        chosen: list[tuple[int, int, float]] = []
        for speaker in torch.randperm(self.n_speakers, generator=rng)[:n_speakers].tolist():
            n_spoken = len(self._spoken[speaker])
            order = torch.randperm(n_spoken, generator=rng).tolist()
            places = torch.rand(n_each, generator=rng).tolist()
            chosen += [(speaker, order[k % n_spoken], places[k]) for k in range(n_each)]
        return self._cut(chosen, n_samples)

    def spread(self, n_utterances: int, n_samples: int, place: float) -> Crops:
        """A crop of each of up to so many utterances of every speaker, evenly spread over them.

        Args:
            n_utterances: most of each speaker.
            n_samples: longest crop.
            place: where in the utterance, from 0, its beginning, to 1, its end.
        """
        chosen = [
            (speaker, len(spoken) * k // min(n_utterances, len(spoken)), place)
            for speaker, spoken in enumerate(self._spoken)
            for k in range(min(n_utterances, len(spoken)))
        ]
        return self._cut(chosen, n_samples)

    def _cut(self, chosen: Sequence[tuple[int, int, float]], n_samples: int) -> Crops:
        rows = np.zeros((len(chosen), n_samples), dtype=np.float32)
        lengths, utterances = [], []
        for row, (speaker, number, place) in zip(rows, chosen, strict=True):
            utterance = self._spoken[speaker][number]
            piece = self._piece(utterance, n_samples, place)
            row[: len(piece)] = piece
            lengths.append(len(piece))
            utterances.append(utterance.start)
        return Crops(
            samples=torch.from_numpy(rows),
            n_samples=torch.tensor(lengths),
            speakers=torch.tensor([speaker for speaker, _, _ in chosen]),
            utterances=torch.tensor(utterances),
        )

    def _piece(self, utterance: Utterance, n_samples: int, place: float) -> NDArray[np.float32]:
        rate_hz = self._corpus.sample_rate_hz
        n_stored = -(-n_samples * rate_hz // self._rate_hz)
        audio = self._corpus.audio(utterance)
        start = round(place * max(0, len(audio) - n_stored))
        piece = audio[start : start + n_stored].astype(np.float32) / 2.0**15
        return resample(piece, rate_hz, self._rate_hz)[:n_samples]


def add_noise(crops: Tensor, rng: torch.Generator, snr_db: tuple[float, float]) -> Tensor:
    """White noise under every crop, at a ratio drawn for each.

    Args:
        crops: (B, N) float32.
        rng: draws ratios and noise.
        snr_db: lowest and highest ratio of a crop's power to its noise's, in dB.
    """
    low, high = snr_db
    ratios_db = low + (high - low) * torch.rand(len(crops), 1, generator=rng)
    level = crops.square().mean(1, keepdim=True).sqrt() * 10 ** (-ratios_db / 20)
    return crops + level * torch.randn(crops.shape, generator=rng)


def through_codec(samples: Tensor, sample_rate_hz: int, codec: Codec, n_levels: int) -> Tensor:
    """What is left of sound after the codec: what the check hears of prompts and of turns.

    Args:
        samples: (B, N) float32.
        sample_rate_hz: of them.
        codec: encodes and decodes.
        n_levels: levels kept, from the coarsest.

    Returns:
        (B, N) float32 on the CPU.
    """
    rate_hz, n_samples = codec.sample_rate_hz, samples.shape[1]
    sent = _at_rate(samples, sample_rate_hz, rate_hz)
    made = codec.decode(codec.encode(sent)[:, :n_levels]).float().cpu()
    made = _at_rate(made[:, : sent.shape[1]], rate_hz, sample_rate_hz)[:, :n_samples]
    return torch.nn.functional.pad(made, (0, n_samples - made.shape[1]))


def _at_rate(samples: Tensor, from_hz: int, to_hz: int) -> Tensor:
    if from_hz == to_hz:
        return samples
    rows = [resample(row, from_hz, to_hz) for row in samples.numpy()]
    return torch.from_numpy(np.stack(rows))
