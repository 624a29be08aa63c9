"""Recipe: train the semantic encoder, cluster its hidden states, export the tokenizer.

Three losses share one encoder: the phone of every frame of synthetic speech (exact, and the main
one), BEST-RQ (arXiv 2202.01855) on all speech, and CTC over characters where there is a transcript.
The spectra are disguised (speed, vocal tract length, noise), so that the voice is no help.
"""

import dataclasses
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.networks import SemanticConfig
from pipeline.config.sizes import DialogueConfig, base, small, tiny
from pipeline.device import choose_device, inference_autocast
from pipeline.errors import ConfigError
from pipeline.files.atomic import write_atomically
from pipeline.tokenizers.semantic import N_FEATURES, SemanticTokenizer, build_encoder
from training.config import LoopConfig, StageOptions
from training.corpus.phones import N_PHONES, UNKNOWN
from training.datasets import Corpus
from training.loop import run_training
from training.options import parse_stage_options
from training.semantic.clusters import Material, build_tokenizer, cluster, judge, layer_figures
from training.semantic.data import (
    CHARACTERS,
    SYNTHETIC,
    AugmentConfig,
    MelStore,
    SemanticBatch,
    build_batch,
)

logger = logging.getLogger(__name__)

METRICS_NAME = "metrics.json"
MEL_NAME = "mel.f16"


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticStageConfig:
    """Numbers of this stage.

    Attributes:
        loop: how long and how fast.
        learning_rate: its peak.
        n_synthetic, n_human: rows of each kind in a batch.
        crop_frames: longest row, in frames of 20 ms.
        n_quantiser_codes, quantiser_dim: BEST-RQ's random projection.
        masked_weight, ctc_weight: of the second and third loss; the phone loss has 1.
        n_dev: utterances of each kind that an evaluation reads.
        n_points: semantic frames that are clustered.
        n_rounds: rounds of k-means.
        n_judged: utterances of each kind that the figures of the ids are read from.
        augment: how crops are disguised.
    """

    loop: LoopConfig
    learning_rate: float = 1.5e-3
    n_synthetic: int = 5
    n_human: int = 4
    crop_frames: int = 200
    n_quantiser_codes: int = 512
    quantiser_dim: int = 16
    masked_weight: float = 0.15
    ctc_weight: float = 0.3
    n_dev: int = 48
    n_points: int = 100_000
    n_rounds: int = 25
    n_judged: int = 400
    augment: AugmentConfig = field(default_factory=AugmentConfig)


SIZES: dict[str, Callable[[], DialogueConfig]] = {"tiny": tiny, "small": small, "base": base}

STAGES = {
    "tiny": SemanticStageConfig(
        loop=LoopConfig(max_steps=10, warmup_steps=2, evaluate_every=5, log_every=5),
        n_synthetic=2,
        n_human=2,
        crop_frames=50,
        n_dev=4,
        n_points=400,
        n_rounds=3,
        n_judged=12,
    ),
    "small": SemanticStageConfig(
        loop=LoopConfig(max_steps=6_000, max_minutes=30.0, warmup_steps=150, evaluate_every=300),
        n_synthetic=5,
        n_human=1,
        crop_frames=160,
        augment=AugmentConfig(noise_share=0.25, max_band_bins=8, hidden_share=0.08),
    ),
    # Its encoder is pretrained, so that it is only clustered: 200 points a cluster.
    "base": SemanticStageConfig(loop=LoopConfig(max_steps=0), n_points=200_000),
}


class SemanticHeads(nn.Module):
    """What training asks of the encoder's last hidden state; not exported.

    Args:
        dim: D.
        n_codes: classes of BEST-RQ.
        code_dim: width of its random projection.
        rng: draws projection and codebook, which are never trained.
    """

    def __init__(self, dim: int, n_codes: int, code_dim: int, rng: torch.Generator) -> None:
        super().__init__()
        self.projection: Tensor
        self.codebook: Tensor
        self.phones = nn.Linear(dim, N_PHONES)
        self.codes = nn.Linear(dim, n_codes)
        self.characters = nn.Linear(dim, len(CHARACTERS) + 1)
        self.register_buffer("projection", torch.randn(N_FEATURES, code_dim, generator=rng))
        codebook = torch.randn(n_codes, code_dim, generator=rng)
        self.register_buffer("codebook", F.normalize(codebook, dim=-1))

    def code_targets(self, clean: Tensor) -> Tensor:
        """BEST-RQ's targets (...) int64 for features (..., 160)."""
        return ((clean @ self.projection) @ self.codebook.T).argmax(dim=-1)


class SemanticJob:
    """Trains encoder and heads.

    Args:
        corpus: recordings.
        store: their spectra.
        config: the encoder's shape.
        stage: numbers of the training.
        device: where to compute.
    """

    name = "semantic"
    progress = 0.0

    def __init__(
        self,
        corpus: Corpus,
        store: MelStore,
        config: SemanticConfig,
        stage: SemanticStageConfig,
        device: torch.device,
    ) -> None:
        rng = torch.Generator().manual_seed(stage.loop.seed)
        torch.manual_seed(stage.loop.seed)  # transformers initialises from the global generator
        self.stage, self.store, self.device = stage, store, device
        self.train_sets = (corpus.select("train", SYNTHETIC), corpus.select("train", ("human",)))
        self.dev_sets = (corpus.select("dev", SYNTHETIC), corpus.select("dev", ("human",)))
        if not any(self.train_sets):
            raise ConfigError(f"{corpus.folder} holds no utterances for training")
        self.encoder = cast(nn.Module, build_encoder(config)).to(device)
        heads = SemanticHeads(config.dim, stage.n_quantiser_codes, stage.quantiser_dim, rng)
        self.heads = heads.to(device)
        self.modules: Mapping[str, nn.Module] = {"encoder": self.encoder, "heads": self.heads}
        self.parameters = [*self.encoder.parameters(), *self.heads.parameters()]
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {
            "adamw": torch.optim.AdamW(
                self.parameters,
                lr=stage.learning_rate,
                betas=(0.9, 0.98),
                weight_decay=0.01,
                fused=True,
            )
        }

    def train_step(self, step: int, rng: torch.Generator) -> dict[str, float | Tensor]:
        """Draw crops of both kinds of speech and update encoder and heads once."""
        wanted = (self.stage.n_synthetic, self.stage.n_human)
        utterances = [
            pool[int(torch.randint(len(pool), (), generator=rng))]
            for pool, count in zip(self.train_sets, wanted, strict=True)
            for _ in range(count if pool else 0)
        ]
        batch = build_batch(self.store, utterances, self.stage.crop_frames, self.stage.augment, rng)
        figures = self._losses(batch)
        loss = (
            figures["phone_loss"]
            + self.stage.masked_weight * figures["masked_loss"]
            + self.stage.ctc_weight * figures["ctc_loss"]
        )
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for optimiser in self.optimisers.values():
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return {name: figure.detach() for name, figure in {"loss": loss, **figures}.items()}

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        """Phone accuracy on held-out synthetic speech, CTC loss on held-out human speech."""
        totals: dict[str, list[float]] = {}
        names = (("phone_loss", "phone_accuracy"), ("ctc_loss",))
        for pool, kept in zip(self.dev_sets, names, strict=True):
            for start in range(0, min(len(pool), self.stage.n_dev), 8):
                rows = pool[start : min(start + 8, self.stage.n_dev)]
                batch = build_batch(self.store, rows, 2 * self.stage.crop_frames, None, rng)
                figures = self._losses(batch)
                for name in kept:
                    totals.setdefault(name, []).append(float(figures[name].detach()))
        return {name: sum(values) / len(values) for name, values in totals.items()}

    def _losses(self, batch: SemanticBatch) -> dict[str, Tensor]:
        device = self.device
        with inference_autocast(device):
            hidden = self.encoder(
                batch.features.to(device), attention_mask=batch.valid.to(device)
            ).last_hidden_state
            phone_logits = self.heads.phones(hidden).float()
            character_logits = self.heads.characters(hidden).float()
            chosen = batch.hidden.to(device)
            code_logits = self.heads.codes(hidden[chosen]).float()
        phones = batch.phones.to(device)
        known = phones != UNKNOWN
        n_known = known.sum().clamp_min(1)
        phone_loss = F.cross_entropy(
            phone_logits.flatten(0, 1), phones.flatten(), ignore_index=UNKNOWN, reduction="sum"
        )
        targets = self.heads.code_targets(batch.clean.to(device)[chosen])
        n_hidden = chosen.sum().clamp_min(1)
        return {
            "phone_loss": phone_loss / n_known,
            "phone_accuracy": ((phone_logits.argmax(dim=-1) == phones) & known).sum() / n_known,
            "masked_loss": F.cross_entropy(code_logits, targets, reduction="sum") / n_hidden,
            "ctc_loss": _ctc_loss(character_logits, batch),
        }


def _ctc_loss(logits: Tensor, batch: SemanticBatch) -> Tensor:
    """Nats per character over the rows that have a whole transcript; 0 without any."""
    rows = [row for row, targets in enumerate(batch.characters) if len(targets)]
    if not rows:
        return logits.sum() * 0.0
    targets = [batch.characters[row] for row in rows]
    log_likely = logits[rows].log_softmax(dim=-1).transpose(0, 1)
    n_characters = torch.tensor([len(row) for row in targets])
    loss = F.ctc_loss(
        log_likely,
        torch.cat(targets).to(logits.device),
        batch.valid[rows].sum(dim=1),
        n_characters,
        reduction="sum",
        zero_infinity=True,
    )
    return loss / n_characters.sum()


def main(argv: list[str] | None = None) -> None:
    """Run the stage from the command line.

    Args:
        argv: arguments after the program's name; `None` reads the process's own.
    """
    run(parse_stage_options(argv, "Train the semantic tokenizer."))


def run(options: StageOptions) -> None:
    """Train, cluster, measure, and export to `models/semantic`.

    A size that names a pretrained encoder is not trained, only clustered.

    Args:
        options: `out` holds `corpus/`; receives `semantic/` and `models/semantic/`.

    Raises:
        CheckpointError: if there is no corpus, or a pretrained encoder cannot be loaded.
        ConfigError: if the size is unknown or the corpus holds nothing to train on.
    """
    if options.size not in SIZES:
        raise ConfigError(
            f"semantic: no training for size {options.size!r}; there are {sorted(SIZES)}"
        )
    config, stage = SIZES[options.size]().semantic, STAGES[options.size]
    if options.minutes:
        loop = dataclasses.replace(stage.loop, max_minutes=options.minutes)
        stage = dataclasses.replace(stage, loop=loop)
    device = choose_device(options.device)
    corpus = Corpus(options.out / "corpus")
    store = MelStore(corpus, options.out / "semantic" / MEL_NAME, config)
    material = Material(corpus=corpus, store=store)
    rng = torch.Generator().manual_seed(stage.loop.seed)
    figures: dict[str, float] = {}
    if config.pretrained:
        tokenizer = SemanticTokenizer.on_pretrained(config, device)
    else:
        job = SemanticJob(corpus, store, config, stage, device)
        run_training(job, stage.loop, options.out / "semantic")
        tokenizer, figures = _trained(job, config, material, rng)
    with torch.no_grad():
        cluster(tokenizer, material, stage.n_points, stage.n_rounds, rng)
        figures |= judge(tokenizer, material, stage.n_judged, rng)
    _export(tokenizer, figures, options.out / "models" / "semantic")


@torch.no_grad()
def _trained(
    job: SemanticJob, config: SemanticConfig, material: Material, rng: torch.Generator
) -> tuple[SemanticTokenizer, dict[str, float]]:
    """The trained encoder as a tokenizer that is not clustered yet, and figures of its training."""
    job.encoder.eval()
    job.heads.eval()
    figures = job.evaluate(rng)
    figures |= layer_figures(job.encoder, config, material, job.stage.n_points // 10, rng)
    return build_tokenizer(job.encoder, config, job.device), figures


def _export(tokenizer: SemanticTokenizer, figures: Mapping[str, float], folder: Path) -> None:
    tokenizer.save(folder)
    text = json.dumps({name: round(value, 4) for name, value in figures.items()}, indent=2) + "\n"
    write_atomically(folder / METRICS_NAME, lambda path: _write_text(path, text))
    logger.info("semantic tokenizer in %s: %s", folder, text)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
