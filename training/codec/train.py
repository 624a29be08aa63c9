"""Trains the spectral codec on crops of the corpus.

`python -m training.codec --size small --data DIR --out DIR [--minutes M]`
"""

import copy
import importlib
import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.config.networks import CodecConfig
from pipeline.config.sizes import DialogueConfig, base, small, tiny
from pipeline.device import choose_device, inference_autocast
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import save_network
from pipeline.tokenizers.spectral_codec import SpectralCodec
from training.codec.codebooks import CodebookLearner
from training.codec.discriminators import (
    Discriminators,
    deception_loss,
    discriminator_loss,
    feature_loss,
)
from training.codec.losses import SpectralLosses
from training.config import LoopConfig, StageOptions
from training.datasets import SPEAKER_CAP_S, Corpus, Utterance, speaker_balanced_weights
from training.ema import follow
from training.loop import run_training
from training.options import parse_stage_options

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecTraining:
    """Numbers of a codec training.

    Attributes:
        max_steps: bound when none in minutes is given.
        batch_size: crops a step.
        crop_frames: acoustic frames of a crop.
        learning_rate, discriminator_learning_rate: peaks.
        quantise_from: steps before codebooks are started by k-means.
        collect_steps: steps before that whose latents k-means sees.
        discriminators_from: share of the run after which discriminators join, in [0, 1]; 1: never.
        discriminators_ramp: share of the run over which their losses grow to full weight.
        full_level_share: share of examples that keep all levels; the others keep a random number.
        average_decay: of the moving average of weights that is exported.
        n_judged: crops of a batch that the discriminators hear, for they cost more than the codec.
        n_evaluated: held-out utterances heard at each evaluation.
    """

    max_steps: int = 8000
    batch_size: int = 16
    crop_frames: int = 50
    learning_rate: float = 1e-3
    discriminator_learning_rate: float = 5e-4
    warmup_steps: int = 100
    quantise_from: int = 120
    collect_steps: int = 12
    discriminators_from: float = 0.5
    discriminators_ramp: float = 0.05
    full_level_share: float = 0.7
    mel_weight: float = 15.0
    linear_weight: float = 1.0
    commitment_weight: float = 5.0
    deception_weight: float = 1.0
    feature_weight: float = 2.0
    gradient_clip: float = 5.0
    average_decay: float = 0.999
    n_judged: int = 8
    discriminator_dim: int = 128
    discriminator_blocks: int = 2
    n_evaluated: int = 24
    evaluate_every: int = 500

    def __post_init__(self) -> None:
        if self.quantise_from < 1 or self.collect_steps < 1:
            raise ConfigError(
                "codec training: k-means needs at least one step to collect latents from"
            )


def small_training() -> CodecTraining:
    """For the shipped size: without discriminators, which only cost quality in so short a run."""
    return CodecTraining(discriminators_from=1.0)


def tiny_training() -> CodecTraining:
    """For tests."""
    return CodecTraining(
        max_steps=40,
        batch_size=4,
        crop_frames=25,
        warmup_steps=4,
        quantise_from=6,
        collect_steps=3,
        discriminators_from=0.7,
        n_judged=2,
        discriminator_dim=16,
        discriminator_blocks=1,
        n_evaluated=2,
        evaluate_every=20,
    )


SIZES: dict[str, tuple[Callable[[], DialogueConfig], Callable[[], CodecTraining]]] = {
    "tiny": (tiny, tiny_training),
    "small": (small, small_training),
    "base": (base, small_training),
}


class CodecJob:
    """One training of a codec; implements `TrainingJob`.

    Args:
        config: the codec's shape.
        training: numbers of the training.
        corpus: what it hears.
        device: where it runs.

    Raises:
        ConfigError: if the corpus lacks a split or has another sample rate than the codec.
    """

    def __init__(
        self, config: CodecConfig, training: CodecTraining, corpus: Corpus, device: torch.device
    ) -> None:
        self.name, self.progress = "codec", 0.0
        self.training, self.device, self._corpus = training, device, corpus
        self._heard = corpus.select("train")
        self._held_out = _spread(corpus.select("dev"), training.n_evaluated)
        if not self._heard or not self._held_out:
            raise ConfigError(f"{corpus.folder}: needs utterances of both splits, train and dev")
        if corpus.sample_rate_hz != config.sample_rate_hz:
            raise ConfigError(
                f"{corpus.folder}: sound at {corpus.sample_rate_hz} Hz for a codec of "
                f"{config.sample_rate_hz} Hz; make the corpus with the same --size"
            )
        self._weights = speaker_balanced_weights(
            [u.n_samples / config.sample_rate_hz for u in self._heard],
            [u.speaker for u in self._heard],
            SPEAKER_CAP_S,
        )
        self.codec = SpectralCodec(config).to(device)
        self.average = copy.deepcopy(self.codec).requires_grad_(False)
        self.learner = CodebookLearner(self.codec.quantizer).to(device)
        self.discriminators = Discriminators(
            dim=training.discriminator_dim, n_blocks=training.discriminator_blocks
        ).to(device)
        self._losses = SpectralLosses(config.sample_rate_hz).to(device)
        self.modules: Mapping[str, nn.Module] = {
            "codec": self.codec,
            "average": self.average,
            "learner": self.learner,
            "discriminators": self.discriminators,
        }
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {
            "codec": _optimiser(self.codec, training.learning_rate),
            "discriminators": _optimiser(self.discriminators, training.discriminator_learning_rate),
        }

    def train_step(self, step: int, rng: torch.Generator) -> dict[str, float | Tensor]:
        """One update of the codec, its codebooks and, late in the run, the discriminators."""
        training = self.training
        wanted = self._draw_crops(rng)
        made, commitment = self._reconstruct(wanted, step, rng)
        mel, linear = self._losses(made, wanted)
        loss = training.mel_weight * mel + training.linear_weight * linear
        loss = loss + training.commitment_weight * commitment
        figures: dict[str, float | Tensor] = {"mel": mel.detach(), "linear": linear.detach()}
        figures["commitment"] = commitment.detach()
        share = (self.progress - training.discriminators_from) / max(
            training.discriminators_ramp, 1e-6
        )
        if share > 0.0 and self.learner.started:
            judged, real = made[: training.n_judged], wanted[: training.n_judged]
            figures["discriminators"] = self._train_discriminators(judged.detach(), real)
            deception, feature = self._adversarial(judged, real)
            weighted = training.deception_weight * deception + training.feature_weight * feature
            loss = loss + min(1.0, share) * weighted
            figures |= {"deception": deception.detach(), "feature": feature.detach()}
        figures["gradient"] = self._descend("codec", loss)
        self._follow(step)
        return figures

    def _draw_crops(self, rng: torch.Generator) -> Tensor:
        n_samples = self.training.crop_frames * self.codec.config.hop_samples
        picks = torch.multinomial(
            self._weights, self.training.batch_size, replacement=True, generator=rng
        )
        draws = torch.rand(self.training.batch_size, 2, generator=rng).tolist()
        crops = np.zeros((self.training.batch_size, n_samples), dtype=np.float32)
        for crop, pick, (place, loudness) in zip(crops, picks.tolist(), draws, strict=True):
            audio = self._corpus.audio(self._heard[pick])
            start = round(place * max(0, len(audio) - n_samples))
            piece = audio[start : start + n_samples].astype(np.float32) / 32768.0
            gain = 10.0 ** ((18.0 * loudness - 12.0) / 20.0)
            crop[: len(piece)] = piece * min(
                gain, 0.99 / max(1e-4, float(np.abs(piece).max(initial=0.0)))
            )
        return torch.from_numpy(crops).to(self.device)

    def _reconstruct(
        self, wanted: Tensor, step: int, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        training = self.training
        with inference_autocast(self.device):
            latents = self.codec.latents(wanted)
        commitment = latents.new_zeros(())
        if training.quantise_from - training.collect_steps <= step < training.quantise_from:
            self.learner.collect(latents)
        if step >= training.quantise_from:
            if not self.learner.started:
                self.learner.start(rng)
            latents, commitment = self.learner.quantise(latents, self._draw_levels(rng), rng)
        with inference_autocast(self.device):
            return self.codec.waveform(latents), commitment

    def _draw_levels(self, rng: torch.Generator) -> Tensor:
        n_levels, n = self.codec.n_levels, self.training.batch_size
        levels = torch.randint(1, n_levels + 1, (n,), generator=rng)
        full = torch.rand(n, generator=rng) < self.training.full_level_share
        return torch.where(full, n_levels, levels).to(self.device)

    def _train_discriminators(self, made: Tensor, wanted: Tensor) -> Tensor:
        with inference_autocast(self.device):
            # One pass over both: larger matrices, fewer calls.
            outputs = self.discriminators(torch.cat([wanted, made]))
        loss = discriminator_loss(outputs)
        self._descend("discriminators", loss)
        return loss.detach()

    def _adversarial(self, made: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        self.discriminators.requires_grad_(False)
        with inference_autocast(self.device):
            with torch.no_grad():
                real = self.discriminators(wanted)
            judged = self.discriminators(made)
        self.discriminators.requires_grad_(True)
        return deception_loss(judged), feature_loss(real, judged)

    def _descend(self, name: str, loss: Tensor) -> Tensor:
        optimiser, module = self.optimisers[name], self.modules[name]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(module.parameters(), self.training.gradient_clip)
        optimiser.step()
        return norm

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        follow(self.average, self.codec, step, self.training.average_decay)
        # Codebooks are averages already, and a revived code has no meaningful past.
        self.average.codebooks.copy_(self.codec.codebooks)

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        """Mel distance, STOI (where pystoi is installed) and codebook use on held-out speech."""
        hop = self.codec.config.hop_samples
        mels, stois, used = [], [], []
        for utterance in self._held_out:
            audio = self._corpus.audio(utterance)[: 4 * self.codec.sample_rate_hz].astype(
                np.float32
            )
            samples = torch.from_numpy(audio / 32768.0)[None]
            codes = self.average.encode(samples)
            made = self.average.decode(codes)[:, : samples.shape[1]].cpu()
            if samples.shape[1] >= 2048 + hop:
                mels.append(float(self._losses(made.to(self.device), samples.to(self.device))[0]))
                stois.append(_stoi(samples[0], made[0], self.codec.sample_rate_hz))
            used.append(codes[0].cpu())
        figures = {"mel": _mean(mels)}
        if not math.isnan(_mean(stois)):
            figures["stoi"] = _mean(stois)
        every = torch.cat(used, dim=1)
        for level in range(self.codec.n_levels):
            figures[f"perplexity_{level + 1}"] = _perplexity(every[level], self.codec.n_codes)
        return figures


def _optimiser(module: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        module.parameters(), lr=learning_rate, betas=(0.8, 0.99), weight_decay=0.01, foreach=True
    )


def _spread(utterances: Sequence[Utterance], n: int) -> list[Utterance]:
    """Up to n utterances, evenly spread over the list, so that every source is heard."""
    return list(utterances[:: max(1, len(utterances) // n)][:n])


def _mean(values: Iterable[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else math.nan


def _perplexity(codes: Tensor, n_codes: int) -> float:
    shares = torch.bincount(codes, minlength=n_codes).float() / len(codes)
    return float(torch.special.entr(shares).sum().exp())


def _stoi(wanted: Tensor, made: Tensor, sample_rate_hz: int) -> float:
    try:
        pystoi = importlib.import_module("pystoi")
    except ImportError:
        return math.nan
    return float(pystoi.stoi(wanted.numpy(), made.numpy(), sample_rate_hz))


def run(options: StageOptions) -> None:
    """Train the codec on `out/corpus` and export it to `out/models/codec`.

    A size that names a pretrained codec is not trained, only exported.

    Raises:
        CheckpointError: if there is no corpus, the run's checkpoint does not fit, or a pretrained
            codec cannot be loaded.
        ConfigError: if the corpus lacks a split, the size is unknown, or a pretrained codec is not
            what the size describes.
    """
    if options.size not in SIZES:
        raise ConfigError(
            f"codec: no training for size {options.size!r}; there are {sorted(SIZES)}"
        )
    build_config, build_training = SIZES[options.size]
    config, training = build_config().codec, build_training()
    if config.pretrained:
        _export_pretrained(config, options.out / "models" / "codec")
        return
    torch.manual_seed(0)
    job = CodecJob(config, training, Corpus(options.out / "corpus"), choose_device(options.device))
    loop = LoopConfig(
        max_steps=training.max_steps,
        warmup_steps=training.warmup_steps,
        evaluate_every=training.evaluate_every,
    )
    run_training(job, loop.within(options.minutes), options.out / "codec")
    save_network(options.out / "models" / "codec", config, job.average)
    logger.info("codec: exported, identity %s", job.average.identity)


def _export_pretrained(config: CodecConfig, folder: Path) -> None:
    from pipeline.tokenizers.encodec import EncodecCodec  # transformers takes seconds to import

    codec = EncodecCodec.load(config.pretrained, torch.device("cpu"), config.bandwidth_kbps)
    found = (codec.sample_rate_hz, codec.frame_rate_hz, *codec.codebooks.shape)
    wanted = (
        config.sample_rate_hz,
        config.frame_rate_hz,
        config.n_levels,
        config.n_codes,
        config.code_dim,
    )
    if found != wanted:
        raise ConfigError(
            f"{config.pretrained} has (Hz, frames/s, levels, codes, width) {found}, and the size "
            f"describes {wanted}; correct the size's codec in pipeline/config/sizes.py"
        )
    codec.save(folder)
    logger.info("codec: %s exported, identity %s", config.pretrained, codec.identity)


def main(argv: list[str] | None = None) -> None:
    """`python -m training.codec`."""
    run(parse_stage_options(argv, description="Train the spectral codec."))
