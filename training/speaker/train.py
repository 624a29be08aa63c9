"""Trains the speaker encoder on crops of the corpus, and measures the threshold it flags by.

`python -m training.speaker --size small --data DIR --out DIR [--minutes M]`
"""

import copy
import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.sizes import DialogueConfig, base, small, tiny
from pipeline.config.speaker import SpeakerConfig
from pipeline.device import choose_device, inference_autocast
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import save_network
from pipeline.tokenizers.codec import Codec, load_codec
from pipeline.voices.speaker_encoder import SpeakerEncoder
from training.config import LoopConfig, StageOptions
from training.datasets import KINDS, Corpus
from training.ema import follow
from training.loop import run_training
from training.options import parse_stage_options
from training.speaker.data import Crops, SpeakerSource, add_noise, through_codec
from training.speaker.metrics import equal_error_rate, flagging_threshold, threshold_over_length

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerTraining:
    """Numbers of a speaker encoder's training.

    Attributes:
        max_steps: bound when none in minutes is given.
        n_speakers: P, speakers in a batch, all of one kind.
        n_crops: K, crops of each.
        crop_s: shortest and longest crop; one length is drawn for each batch.
        snr_db: lowest and highest ratio of speech to the noise that is added.
        coded_share: share of the crops that are heard through the codec.
        learning_rate: peak.
        average_decay: of the moving average of weights that is exported.
        prompt_s, turn_s: lengths of the held-out crops that are compared.
        short_turn_s: length of other turns, to measure how the threshold falls with less speech.
        n_evaluated: most utterances of each held-out speaker.
        flagged_share: share of same-speaker pairs that the exported threshold flags.
    """

    max_steps: int = 1500
    n_speakers: int = 40
    n_crops: int = 2
    crop_s: tuple[float, float] = (1.0, 3.0)
    snr_db: tuple[float, float] = (10.0, 50.0)
    coded_share: float = 0.25
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    gradient_clip: float = 5.0
    average_decay: float = 0.99
    warmup_steps: int = 50
    prompt_s: float = 4.0
    turn_s: float = 2.0
    short_turn_s: float = 1.0
    n_evaluated: int = 12
    flagged_share: float = 0.02
    evaluate_every: int = 100

    def __post_init__(self) -> None:
        if self.n_speakers < 2 or self.n_crops < 2:
            raise ConfigError(
                "speaker training: comparing needs two speakers and two crops of each, has "
                f"{self.n_speakers} and {self.n_crops}"
            )


def tiny_training() -> SpeakerTraining:
    """For tests."""
    return SpeakerTraining(
        max_steps=12, n_speakers=4, crop_s=(0.4, 0.8), warmup_steps=2, n_evaluated=3,
        prompt_s=0.8, turn_s=0.6, short_turn_s=0.3, evaluate_every=6,
    )  # fmt: skip


SIZES: dict[str, tuple[Callable[[], DialogueConfig], Callable[[], SpeakerTraining]]] = {
    "tiny": (tiny, tiny_training),
    "small": (small, SpeakerTraining),
    "base": (base, SpeakerTraining),
}


class AngularPrototypicalLoss(nn.Module):
    """Every crop should be nearer to the rest of its speaker's than to any other speaker's.

    Chung et al., "In defence of metric learning for speaker recognition" (arXiv 2003.11982),
    section 2.3. Here each of the K crops is the query once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(10.0))
        self.shift = nn.Parameter(torch.tensor(-5.0))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Cross-entropy of finding the own speaker.

        Args:
            embeddings: (P, K, embedding_dim) float32 of length 1; K at least 2.

        Returns:
            () float32, nats.
        """
        P, K, _ = embeddings.shape
        wanted = torch.arange(P, device=embeddings.device)
        losses = []
        for query in range(K):
            rest = torch.cat([embeddings[:, :query], embeddings[:, query + 1 :]], dim=1)
            prototypes = F.normalize(rest.mean(1), dim=-1)
            cosines = embeddings[:, query] @ prototypes.T
            logits = self.scale.clamp(min=1e-3) * cosines + self.shift
            losses.append(F.cross_entropy(logits, wanted))
        return torch.stack(losses).mean()


class SpeakerJob:
    """One training of a speaker encoder; implements `TrainingJob`.

    Args:
        config: the encoder's shape.
        training: numbers of the training.
        corpus: whom it hears.
        codec: through which it hears some of them.
        device: where it runs.

    Raises:
        ConfigError: if no kind of source has two speakers to learn from, or none has two held-out
            speakers with two utterances of one.
    """

    def __init__(
        self,
        config: SpeakerConfig,
        training: SpeakerTraining,
        corpus: Corpus,
        codec: Codec,
        device: torch.device,
    ) -> None:
        self.name, self.progress = "speaker", 0.0
        self.config, self.training, self.device, self._codec = config, training, device, codec
        self._sources = [
            source
            for source in (self._source(corpus, "train", kind) for kind in KINDS)
            if source.n_speakers > 1
        ]
        self._dev = {kind: self._source(corpus, "dev", kind) for kind in KINDS}
        self._pairs = self._held_out(training)
        if not self._sources or not self._pairs:
            raise ConfigError(
                f"{corpus.folder}: needs two speakers of one kind (human or synthetic) in train, "
                "and in dev two, one of them with two utterances"
            )
        self.encoder = SpeakerEncoder(config).to(device)
        self.average = copy.deepcopy(self.encoder).requires_grad_(False)
        self.loss = AngularPrototypicalLoss().to(device)
        self.modules: Mapping[str, nn.Module] = {
            "encoder": self.encoder,
            "average": self.average,
            "loss": self.loss,
        }
        self._learned = [*self.encoder.parameters(), *self.loss.parameters()]
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {
            "encoder": torch.optim.AdamW(
                self._learned,
                lr=training.learning_rate,
                weight_decay=training.weight_decay,
                foreach=True,
            )
        }

    def _source(self, corpus: Corpus, split: str, kind: str) -> SpeakerSource:
        return SpeakerSource(corpus, corpus.select(split, KINDS[kind]), self.config.sample_rate_hz)

    def _held_out(self, training: SpeakerTraining) -> dict[str, "_HeldOut"]:
        found = {
            kind: _HeldOut(source, self.config, training, self._codec)
            for kind, source in self._dev.items()
            if source.n_speakers > 1
        }
        return {kind: pairs for kind, pairs in found.items() if pairs.usable}

    def train_step(self, step: int, rng: torch.Generator) -> dict[str, float | Tensor]:
        """One update on crops of some speakers of one kind."""
        crops = self._draw_crops(rng)
        with inference_autocast(self.device):
            embeddings = self.encoder(crops.samples.to(self.device), crops.n_samples)
        loss = self.loss(embeddings.unflatten(0, (-1, self.training.n_crops)))
        optimiser = self.optimisers["encoder"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._learned, self.training.gradient_clip)
        optimiser.step()
        follow(self.average, self.encoder, step, self.training.average_decay)
        return {"loss": loss.detach(), "gradient": norm, "scale": self.loss.scale.detach()}

    def _draw_crops(self, rng: torch.Generator) -> Crops:
        training, rate_hz = self.training, self.config.sample_rate_hz
        source = self._sources[int(torch.randint(len(self._sources), (), generator=rng))]
        shortest, longest = training.crop_s
        crop_s = shortest + (longest - shortest) * float(torch.rand((), generator=rng))
        crops = source.draw(training.n_speakers, training.n_crops, round(crop_s * rate_hz), rng)
        coded = torch.rand(len(crops.samples), generator=rng) < training.coded_share
        samples = add_noise(crops.samples, rng, training.snr_db)
        most = self._codec.n_levels
        n_levels = int(torch.randint(most // 2, most + 1, (), generator=rng))
        if bool(coded.any()):
            # SoundStorm's fine levels are its least sure: those may be missing here.
            samples[coded] = through_codec(crops.samples[coded], rate_hz, self._codec, n_levels)
        return dataclasses.replace(crops, samples=samples)

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        """Equal error rate and mean similarities on held-out speakers, plain and coded, by kind."""
        figures = {}
        for kind, pairs in self._pairs.items():
            for manner in ("", "coded_"):
                own, other = pairs.similarities(self.average, self.device, coded=bool(manner))
                figures[f"{manner}{kind}_eer"] = equal_error_rate(own, other)
                figures[f"{manner}{kind}_own"] = float(own.mean())
                figures[f"{manner}{kind}_other"] = float(other.mean())
        return figures

    @torch.no_grad()
    def thresholds(self) -> tuple[float, float]:
        """`threshold` and `threshold_fall_s`, so that `flagged_share` of held-out pairs is below.

        Pairs are of one speaker, human and synthetic, heard through the codec.
        """
        training = self.training
        short_turns = dataclasses.replace(training, turn_s=training.short_turn_s)
        return threshold_over_length(
            (training.short_turn_s, self._threshold(self._held_out(short_turns))),
            (training.turn_s, self._threshold(self._pairs)),
        )

    def _threshold(self, held_out: Mapping[str, "_HeldOut"]) -> float:
        own = [
            pairs.similarities(self.average, self.device, coded=True)[0]
            for pairs in held_out.values()
        ]
        return flagging_threshold(torch.cat(own), self.training.flagged_share)


class _HeldOut:
    """Prompts and turns of held-out speakers, as they are and through the codec."""

    def __init__(
        self, source: SpeakerSource, config: SpeakerConfig, training: SpeakerTraining, codec: Codec
    ) -> None:
        rate_hz = config.sample_rate_hz
        self._plain = [
            source.spread(training.n_evaluated, round(training.prompt_s * rate_hz), place=0.0),
            source.spread(training.n_evaluated, round(training.turn_s * rate_hz), place=0.5),
        ]
        self._coded = [_coded(crops, rate_hz, codec) for crops in self._plain]
        prompts, turns = self._plain
        same_speaker = prompts.speakers[:, None] == turns.speakers
        self._own = same_speaker & (prompts.utterances[:, None] != turns.utterances)
        self._other = ~same_speaker

    @property
    def usable(self) -> bool:
        """Whether there are pairs of both sorts."""
        return bool(self._own.any()) and bool(self._other.any())

    def similarities(
        self, encoder: SpeakerEncoder, device: torch.device, coded: bool
    ) -> tuple[Tensor, Tensor]:
        """Cosines of all pairs (prompt, turn) by one speaker in two utterances, and by two."""
        prompts, turns = (
            _embed(encoder, crops, device) for crops in (self._coded if coded else self._plain)
        )
        cosines = prompts @ turns.T
        return cosines[self._own], cosines[self._other]


_ROWS = 32
"""Crops that are coded or embedded at once outside of training steps."""


def _coded(crops: Crops, rate_hz: int, codec: Codec) -> Crops:
    rows = [
        through_codec(samples, rate_hz, codec, codec.n_levels)
        for samples in torch.split(crops.samples, _ROWS)
    ]
    return dataclasses.replace(crops, samples=torch.cat(rows))


def _embed(encoder: SpeakerEncoder, crops: Crops, device: torch.device) -> Tensor:
    rows = zip(torch.split(crops.samples, _ROWS), torch.split(crops.n_samples, _ROWS), strict=True)
    return torch.cat([encoder(samples.to(device), n).cpu() for samples, n in rows])


def run(options: StageOptions) -> None:
    """Train on `out/corpus`, and export encoder and threshold to `out/models/speaker`.

    Raises:
        CheckpointError: if there is no corpus or no codec, or the run's checkpoint does not fit.
        ConfigError: if the corpus has too few speakers, or the size is unknown.
    """
    if options.size not in SIZES:
        raise ConfigError(
            f"speaker: no training for size {options.size!r}; there are {sorted(SIZES)}"
        )
    build_config, build_training = SIZES[options.size]
    config, training = build_config().speaker, build_training()
    device = choose_device(options.device)
    torch.manual_seed(0)
    codec = load_codec(options.out / "models" / "codec", device)
    job = SpeakerJob(config, training, Corpus(options.out / "corpus"), codec, device)
    loop = LoopConfig(
        max_steps=training.max_steps,
        warmup_steps=training.warmup_steps,
        evaluate_every=training.evaluate_every,
    )
    run_training(job, loop.within(options.minutes), options.out / "speaker")
    export(job, options.out / "models" / "speaker")


def export(job: SpeakerJob, folder: Path) -> None:
    """Write the averaged encoder with its threshold, measured on what is written."""
    with torch.no_grad():
        for weights in job.average.parameters():
            weights.copy_(weights.half())  # the file holds float16
    threshold, fall_s = (round(value, 3) for value in job.thresholds())
    config = dataclasses.replace(job.config, threshold=threshold, threshold_fall_s=fall_s)
    save_network(folder, config, job.average)
    logger.info("speaker: exported, flags below %.3f - %.3f / seconds", threshold, fall_s)


def main(argv: list[str] | None = None) -> None:
    """`python -m training.speaker`."""
    run(parse_stage_options(argv, description="Train the speaker encoder."))
