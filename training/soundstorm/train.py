"""Trains SoundStorm on the token corpus: `python -m training.soundstorm --size small ...`."""

import copy
import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.networks import SoundStormConfig
from pipeline.config.sizes import base, small, tiny
from pipeline.device import choose_device, inference_autocast
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import save_network
from pipeline.semantic_to_acoustic.masking import draw_hidden
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.tokenizers.codec import load_codec
from training.config import LoopConfig, StageOptions
from training.corpus.synthetic_speakers import BUILT_IN_IN_CORPUS
from training.datasets import KINDS, TokenCorpus, TokenisedUtterance
from training.ema import follow
from training.loop import run_training
from training.options import parse_stage_options
from training.soundstorm.data import SoundStormBatch, SoundStormDataConfig, SoundStormSource, stack

logger = logging.getLogger(__name__)

FREE_SHARE = 0.3
"""Learning rate of the vectors that codes have of their own, as a share of the others'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundStormTraining:
    """Numbers of one training.

    Attributes:
        learning_rate: peak.
        average_decay: of the running average of the weights, which is what is exported.
        average_every: steps between its updates.
        dev_frames: length of an evaluation's examples.
        n_dev_examples: per level and kind of source.
        dev_ratio: share of the window hidden in evaluations.
    """

    network: SoundStormConfig
    loop: LoopConfig
    data: SoundStormDataConfig = field(default_factory=SoundStormDataConfig)
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    average_decay: float = 0.998
    average_every: int = 5
    dev_frames: int = 500
    n_dev_examples: int = 4
    dev_ratio: float = 0.7


def small_training() -> SoundStormTraining:
    """The shipped size. In so short a run the levels that words are understood by come first.

    So do the voices that ship, and passes in which much is to be predicted.
    """
    return SoundStormTraining(
        network=small().soundstorm,
        loop=LoopConfig(max_steps=20_000, warmup_steps=150, evaluate_every=400),
        data=SoundStormDataConfig(
            first_level=0.35,
            level_fall=2.0,
            prompt_ids=(20, 100),
            prefix=0.08,
            spans=0.08,
            fully_hidden=0.85,
            source_shares=(("flite", 0.05), ("world", 0.4), ("human", 0.55)),
            favoured=BUILT_IN_IN_CORPUS,
            favoured_share=0.55,
        ),
    )


def base_training() -> SoundStormTraining:
    """Paper scale; rate, warm-up and frames in a batch as in public trainings of this size.

    The paper names none of them, but windows of up to 30 s and ten rounds over the corpus: 200,000
    batches of 160 s are fifteen over LibriTTS.
    """
    return SoundStormTraining(
        network=base().soundstorm,
        loop=LoopConfig(max_steps=200_000, warmup_steps=4_000, evaluate_every=2_000),
        data=SoundStormDataConfig(
            batch_frames=12_000, lengths=((750, 0.4), (1500, 0.35), (2250, 0.25))
        ),
        learning_rate=6e-4,
        average_decay=0.9995,
        dev_frames=750,
    )


def tiny_training() -> SoundStormTraining:
    """A few steps that exercise everything."""
    return SoundStormTraining(
        network=tiny().soundstorm,
        loop=LoopConfig(max_steps=8, warmup_steps=2, evaluate_every=4, log_every=4),
        data=SoundStormDataConfig(batch_frames=400, lengths=((100, 0.5), (200, 0.5))),
        average_every=1,
        dev_frames=100,
        n_dev_examples=1,
    )


SIZES: dict[str, Callable[[], SoundStormTraining]] = {
    "tiny": tiny_training,
    "small": small_training,
    "base": base_training,
}


def masked_cross_entropy(network: SoundStorm, batch: SoundStormBatch) -> tuple[Tensor, Tensor]:
    """Cross-entropy at the hidden frames of each row's level, and of the next level at the others.

    No other head is computed, and no given frame counts.

    Args:
        network: reads the batch.
        batch: on the network's device.

    Returns:
        Sums (Q,) float32 in nats per level, and how many codes (Q,) each is the sum of.
    """
    seen = batch.seen_codes(network.config.hidden_code)
    states = network(batch.semantic_ids, batch.slots, seen, batch.prompts)
    Q = network.config.n_levels
    sums, counts = [], torch.zeros(Q, device=states.device)
    for q in range(Q):
        chosen = batch.hidden & (batch.level == q)[:, None]
        # Where a row's level is visible, the one above it is the next to be predicted: the same
        # pass teaches both.
        chosen = chosen | (~batch.hidden & ~batch.given & (batch.level == q - 1)[:, None])
        rows, frames = chosen.nonzero(as_tuple=True)
        counts[q] = len(rows)
        if len(rows) == 0:
            sums.append(torch.zeros((), device=states.device))
            continue
        logits = network.logits(states[rows, frames], q)
        sums.append(F.cross_entropy(logits.float(), batch.codes[rows, q, frames], reduction="sum"))
    return torch.stack(sums), counts


class SoundStormJob:
    """The training that `run_training` runs.

    Args:
        training: its numbers; `training.network` must fit the codec.
        corpus: tokens; split "train" is learnt, "dev" evaluated.
        codebooks: (Q, V, code_dim) float32, the codec's.
        device: where the network computes.

    Raises:
        ConfigError: if no training utterance is long enough.
        ShapeError: if the codebooks do not fit.
    """

    name = "soundstorm"

    def __init__(
        self,
        training: SoundStormTraining,
        corpus: TokenCorpus,
        codebooks: Tensor,
        device: torch.device,
    ) -> None:
        self.training, self.device = training, device
        utterances = corpus.select("train")
        self.source = SoundStormSource(corpus, utterances, training.network, training.data)
        torch.manual_seed(training.loop.seed)
        self.network = SoundStorm(training.network, codebooks.cpu())
        self.network.head_bias.data.copy_(_log_frequencies(corpus, utterances, training.network))
        self.network.to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            _parameter_groups(self.network, training),
            lr=training.learning_rate,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.modules: Mapping[str, nn.Module] = {"network": self.network, "average": self.average}
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {"network": self.optimiser}
        self.progress = 0.0
        self._recent: dict[str, float] = {}
        self._dev = {name: self._dev_batches(corpus, sources) for name, sources in KINDS.items()}

    def train_step(self, step: int, rng: torch.Generator) -> dict[str, float | Tensor]:
        """Learn one batch.

        Args:
            step: steps done before.
            rng: CPU generator that draws batch and masks.

        Returns:
            Nats per code by level, averaged over recent steps, and the gradient's norm.
        """
        return self.learn(self.source.draw_batch(rng), step)

    def learn(self, batch: SoundStormBatch, step: int) -> dict[str, float | Tensor]:
        """Update the network once from a given batch; see `train_step`."""
        with inference_autocast(self.device):
            sums, counts = masked_cross_entropy(self.network, batch.to(self.device))
            loss = sums.sum() / counts.sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.training.gradient_clip)
        self.optimiser.step()
        if step % self.training.average_every == 0:
            self._update_average(step)
        self._remember(sums.detach(), counts)
        return {**self._recent, "gradient": norm.detach()}

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        """Nats per code on held-out speech by level, and at level 1 without the prompts' codes.

        Args:
            rng: not needed: the examples and masks are always the same.
        """
        figures: dict[str, float] = {}
        for name, batches in self._dev.items():
            for level, batch in enumerate(batches):
                figures[f"{name}_level_{level + 1}"] = self._dev_loss(batch, level)
            if batches:
                voiceless = self._without_voices(batches[0])
                figures[f"{name}_level_1_no_voice"] = self._dev_loss(voiceless, 0)
        return figures

    def _dev_loss(self, batch: SoundStormBatch, level: int) -> float:
        with inference_autocast(self.device):
            sums, counts = masked_cross_entropy(self.average, batch.to(self.device))
        return float(sums[level] / counts[level])

    def _without_voices(self, batch: SoundStormBatch) -> SoundStormBatch:
        codes = batch.codes.masked_fill(batch.prompts[:, None], self.training.network.hidden_code)
        return dataclasses.replace(batch, codes=codes)

    def _dev_batches(self, corpus: TokenCorpus, sources: tuple[str, ...]) -> list[SoundStormBatch]:
        """One batch per level, the same speech in each; prompts always, nothing else given."""
        utterances = corpus.select("dev", sources)
        if not utterances:
            return []
        always = SoundStormDataConfig(
            unprompted=0.0, prefix=0.0, spans=0.0, speaker_counts=(0.5, 0.5)
        )
        source = SoundStormSource(corpus, utterances, self.training.network, always)
        rng = torch.Generator().manual_seed(1)
        n_rows = self.training.n_dev_examples
        examples = [source.draw_example(self.training.dev_frames, rng) for _ in range(n_rows)]
        hidden = torch.stack([draw_hidden(e.given, self.training.dev_ratio, rng) for e in examples])
        return [
            stack(examples, torch.full((n_rows,), level), hidden)
            for level in range(self.training.network.n_levels)
        ]

    def _remember(self, sums: Tensor, counts: Tensor) -> None:
        for level, (total, count) in enumerate(zip(sums.tolist(), counts.tolist(), strict=True)):
            if count:
                name = f"level_{level + 1}"
                before = self._recent.get(name, total / count)
                self._recent[name] = 0.95 * before + 0.05 * total / count

    def _update_average(self, step: int) -> None:
        training = self.training
        follow(self.average, self.network, step, training.average_decay, training.average_every)


def _parameter_groups(network: SoundStorm, training: SoundStormTraining) -> list[dict[str, object]]:
    """Weight decay for matrices that multiply; smaller steps for codes' own vectors."""
    decayed = [m.weight for m in network.modules() if isinstance(m, nn.Linear)]
    free = [network.code_free, network.head_free]
    ids = {id(weight) for weight in (*decayed, *free)}
    others = [p for p in network.parameters() if id(p) not in ids]
    return [
        {"params": decayed, "weight_decay": training.weight_decay},
        {"params": others, "weight_decay": 0.0},
        {"params": free, "weight_decay": 0.0, "lr": FREE_SHARE * training.learning_rate},
    ]


def _log_frequencies(
    corpus: TokenCorpus, utterances: list[TokenisedUtterance], config: SoundStormConfig
) -> Tensor:
    """Log of how often each code occurs (Q, V): what heads say before they know anything."""
    codes = torch.cat([corpus.codes(utterance) for utterance in utterances], dim=1)
    counts = torch.stack([torch.bincount(level, minlength=config.n_codes) for level in codes])
    shares = (counts + 1.0) / (counts + 1.0).sum(dim=1, keepdim=True)
    entropy = -(shares * shares.log()).sum(dim=1)
    logger.info(
        "soundstorm: entropy of codes by level %s nats", [round(float(h), 2) for h in entropy]
    )
    return shares.log()


def run(options: StageOptions) -> None:
    """Train on `out/tokens` and the codec's codebooks; export to `out/models/soundstorm`.

    Raises:
        CheckpointError: if tokens or codec are missing, or the run's checkpoint does not fit.
        ConfigError: if the size is unknown or the corpus too short.
    """
    if options.size not in SIZES:
        raise ConfigError(
            f"soundstorm: no training for size {options.size!r}; there are {sorted(SIZES)}"
        )
    training = SIZES[options.size]()
    device = choose_device(options.device)
    codebooks = load_codec(options.out / "models" / "codec", torch.device("cpu")).codebooks
    job = SoundStormJob(training, TokenCorpus(options.out / "tokens"), codebooks, device)
    run_training(job, training.loop.within(options.minutes), options.out / "soundstorm")
    export(job, options.out / "models" / "soundstorm")


def export(job: SoundStormJob, folder: Path) -> None:
    """Write the averaged weights where `assets/models/<size>/soundstorm` comes from."""
    save_network(folder, job.training.network, job.average)
    logger.info("soundstorm: exported to %s", folder)


def main(argv: list[str] | None = None) -> None:
    """`python -m training.soundstorm`."""
    run(parse_stage_options(argv, description="Train SoundStorm."))
