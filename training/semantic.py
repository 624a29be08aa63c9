"""Recipe: train the semantic encoder, cluster its hidden states, export the tokenizer.

Three losses share one encoder: the phone of every frame of synthetic speech (exact, and the main one),
BEST-RQ (arXiv 2202.01855) on all speech, and CTC over characters where there is a transcript. The
spectra are disguised (speed, vocal tract length, noise), so that the voice is no help.
"""

import dataclasses
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.checkpoint import write_atomically
from pipeline.config import SemanticConfig, small, tiny
from pipeline.device import choose_device, inference_dtype
from pipeline.errors import ConfigError
from pipeline.tokenizers.semantic import N_FEATURES, SemanticTokenizer, average_pairs, build_encoder
from training.config import LoopConfig, StageOptions
from training.data import Corpus, Utterance
from training.kmeans import kmeans
from training.loop import run_training
from training.options import parse_stage_options
from training.phones import N_PHONES, UNKNOWN
from training.semantic_data import (
    CHARACTERS,
    AugmentConfig,
    MelStore,
    SemanticBatch,
    build_batch,
    mel_phones,
)
from training.semantic_metrics import phone_figures, speaker_figures

logger = logging.getLogger(__name__)

SYNTHETIC = ("flite", "world")
METRICS_NAME = "metrics.json"
MEL_NAME = "mel.f16"
_MEL_PER_ID = 4


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
    n_points: int = 250_000
    n_rounds: int = 25
    n_judged: int = 400
    augment: AugmentConfig = field(default_factory=AugmentConfig)


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
        self.register_buffer(
            "projection", torch.randn(N_FEATURES, code_dim, generator=rng) / N_FEATURES**0.5
        )
        self.register_buffer(
            "codebook", F.normalize(torch.randn(n_codes, code_dim, generator=rng), dim=-1)
        )

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
        torch.manual_seed(
            stage.loop.seed
        )  # transformers draws initial weights from the global generator
        self.stage, self.store, self.device = stage, store, device
        self.train_sets = (corpus.select("train", SYNTHETIC), corpus.select("train", ("human",)))
        self.dev_sets = (corpus.select("dev", SYNTHETIC), corpus.select("dev", ("human",)))
        if not any(self.train_sets):
            raise ConfigError(f"{corpus.folder} holds no utterances for training")
        self.encoder = build_encoder(config).to(device)
        self.heads = SemanticHeads(
            config.dim, stage.n_quantiser_codes, stage.quantiser_dim, rng
        ).to(device)
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
        return {
            "loss": loss.detach(),
            **{name: figure.detach() for name, figure in figures.items()},
        }

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        """Phone accuracy on held-out synthetic speech, CTC loss on held-out human speech."""
        totals: dict[str, list[float]] = {}
        names = (("phone_loss", "phone_accuracy"), ("ctc_loss", "masked_loss"))
        for pool, kept in zip(self.dev_sets, names, strict=True):
            for start in range(0, min(len(pool), self.stage.n_dev), 8):
                rows = pool[start : min(start + 8, self.stage.n_dev)]
                batch = build_batch(self.store, rows, 2 * self.stage.crop_frames, None, rng)
                if pool is self.dev_sets[1]:
                    batch = dataclasses.replace(batch, hidden=batch.valid)
                figures = self._losses(batch)
                for name in kept:
                    totals.setdefault(name, []).append(float(figures[name]))
        return {
            name: sum(values) / len(values)
            for name, values in totals.items()
            if name != "masked_loss"
        }

    def _losses(self, batch: SemanticBatch) -> dict[str, Tensor]:
        device = self.device
        with torch.autocast(
            device.type, torch.bfloat16, enabled=inference_dtype(device) == torch.bfloat16
        ):
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


def build_tokenizer(
    encoder: nn.Module, config: SemanticConfig, device: torch.device
) -> SemanticTokenizer:
    """A tokenizer on a copy of the trained encoder's first `config.layer` layers, not clustered yet."""
    copied = build_encoder(config, config.layer)
    kept = copied.state_dict().keys()
    copied.load_state_dict(
        {name: value for name, value in encoder.state_dict().items() if name in kept}
    )
    tokenizer = SemanticTokenizer(config, copied)
    tokenizer.compute_dtype = inference_dtype(device)
    return tokenizer.eval().requires_grad_(False).to(device)


def fit_quantiser(
    tokenizer: SemanticTokenizer, hidden: Sequence[Tensor], n_rounds: int, rng: torch.Generator
) -> None:
    """Set statistics and centroids of a tokenizer from hidden states (S, D) of many utterances."""
    points = torch.cat(list(hidden))
    quantiser = tokenizer.quantiser
    quantiser.mean.copy_(points.mean(dim=0))
    quantiser.std.copy_(points.std(dim=0).clamp_min(1e-3))
    points = (points - quantiser.mean) / quantiser.std
    quantiser.centroids.copy_(kmeans(points, tokenizer.n_ids, n_rounds, rng))


def hidden_states(
    tokenizer: SemanticTokenizer, store: MelStore, utterances: Sequence[Utterance]
) -> list[Tensor]:
    """What is clustered, (S, D) float32 for each utterance; those of like length share a batch."""
    order = sorted(range(len(utterances)), key=lambda row: utterances[row].n_samples)
    found: dict[int, Tensor] = {}
    for start in range(0, len(order), 12):
        rows = order[start : start + 12]
        mels = [store.mel(utterances[row]).to(tokenizer.quantiser.mean.device) for row in rows]
        found.update(zip(rows, tokenizer.hidden_states_of_mels(mels), strict=True))
    return [found[row] for row in range(len(utterances))]


def id_phones(utterance: Utterance, n_ids: int) -> Tensor:
    """Phone (S,) int64 at the centre of every semantic id of 40 ms."""
    return mel_phones(utterance, _MEL_PER_ID * n_ids)[1::_MEL_PER_ID]


def drawn(pool: Sequence[Utterance], count: int, rng: torch.Generator) -> list[Utterance]:
    """At most `count` utterances, each at most once, in random order."""
    return [pool[i] for i in torch.randperm(len(pool), generator=rng)[:count].tolist()]


def utterances_to_cluster(
    corpus: Corpus, config: SemanticConfig, n_points: int, rng: torch.Generator
) -> list[Utterance]:
    """Training utterances that together hold about `n_points` ids, half synthetic, half human."""
    chosen: list[Utterance] = []
    for sources in (SYNTHETIC, ("human",)):
        pool = corpus.select("train", sources)
        seconds_left = n_points / 2 / config.rate_hz
        for utterance in drawn(pool, len(pool), rng):
            if seconds_left <= 0:
                break
            chosen.append(utterance)
            seconds_left -= utterance.n_samples / config.sample_rate_hz
    return chosen


def judge(
    tokenizer: SemanticTokenizer,
    corpus: Corpus,
    store: MelStore,
    n_judged: int,
    rng: torch.Generator,
) -> dict[str, float]:
    """Figures of the ids: phones on held-out synthetic speech, speakers on all."""
    figures: dict[str, float] = {}
    synthetic = drawn(corpus.select("dev", SYNTHETIC), n_judged, rng)
    if synthetic:
        ids = [tokenizer.quantiser(h).cpu() for h in hidden_states(tokenizer, store, synthetic)]
        phones = [id_phones(u, len(i)) for u, i in zip(synthetic, ids, strict=True)]
        figures |= phone_figures(torch.cat(ids), torch.cat(phones), tokenizer.n_ids)
        counts = torch.bincount(torch.cat(ids), minlength=tokenizer.n_ids)
        figures["ids_used"] = float((counts > 0).sum())
    for kind, sources in (("synthetic", SYNTHETIC), ("human", ("human",))):
        pool = drawn(corpus.select("train", sources), n_judged, rng)
        ids = [tokenizer.quantiser(h).cpu() for h in hidden_states(tokenizer, store, pool)]
        found = speaker_figures(ids, [u.speaker for u in pool], tokenizer.n_ids, rng)
        figures |= {f"{kind}_{name}": value for name, value in found.items()}
    return figures


def layer_purity(
    job: SemanticJob, corpus: Corpus, config: SemanticConfig, rng: torch.Generator
) -> dict[str, float]:
    """Phone purity and PNMI of a quick k-means at each of the last layers, to choose the layer by."""
    figures = {}
    dev = drawn(corpus.select("dev", SYNTHETIC), job.stage.n_judged // 4, rng)
    if not dev:
        return {}
    for layer in range(max(1, config.n_layers - 3), config.n_layers + 1):
        tokenizer = build_tokenizer(
            job.encoder, dataclasses.replace(config, layer=layer), job.device
        )
        hidden = hidden_states(tokenizer, job.store, dev)
        points = utterances_to_cluster(corpus, config, job.stage.n_points // 10, rng)
        fit_quantiser(tokenizer, hidden_states(tokenizer, job.store, points), 8, rng)
        ids = torch.cat([tokenizer.quantiser(h).cpu() for h in hidden])
        phones = torch.cat([id_phones(u, len(h)) for u, h in zip(dev, hidden, strict=True)])
        for name, value in phone_figures(ids, phones, config.n_clusters).items():
            figures[f"layer_{layer}_{name}"] = value
    return figures


def main(argv: list[str] | None = None) -> None:
    """Run the stage from the command line.

    Args:
        argv: arguments after the program's name; `None` reads the process's own.
    """
    run(parse_stage_options(argv, "Train the semantic tokenizer."))


def run(options: StageOptions) -> None:
    """Train, cluster, measure, and export to `models/semantic`.

    Args:
        options: `out` holds `corpus/`; receives `semantic/` and `models/semantic/`.

    Raises:
        CheckpointError: if there is no corpus.
        ConfigError: if the corpus holds nothing to train on.
    """
    config = {"tiny": tiny, "small": small}[options.size]().semantic
    stage = STAGES[options.size]
    if options.minutes:
        stage = dataclasses.replace(
            stage, loop=dataclasses.replace(stage.loop, max_minutes=options.minutes)
        )
    device = choose_device(options.device)
    corpus = Corpus(options.out / "corpus")
    store = MelStore(corpus, options.out / "semantic" / MEL_NAME, config)
    job = SemanticJob(corpus, store, config, stage, device)
    run_training(job, stage.loop, options.out / "semantic")
    job.encoder.eval()
    job.heads.eval()
    rng = torch.Generator().manual_seed(stage.loop.seed)
    with torch.no_grad():
        figures = job.evaluate(rng) | layer_purity(job, corpus, config, rng)
        tokenizer = build_tokenizer(job.encoder, config, device)
        chosen = utterances_to_cluster(corpus, config, stage.n_points, rng)
        fit_quantiser(tokenizer, hidden_states(tokenizer, store, chosen), stage.n_rounds, rng)
    figures |= judge(tokenizer, corpus, store, stage.n_judged, rng)
    _export(tokenizer, figures, options.out / "models" / "semantic")


def _export(tokenizer: SemanticTokenizer, figures: Mapping[str, float], folder: Path) -> None:
    tokenizer.save(folder)
    text = json.dumps({name: round(value, 4) for name, value in figures.items()}, indent=2) + "\n"
    write_atomically(
        folder / METRICS_NAME, lambda path: path.write_text(text, encoding="utf-8") and None
    )
    logger.info("semantic tokenizer in %s: %s", folder, text)


if __name__ == "__main__":
    main()
