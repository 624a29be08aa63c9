"""Trains the autoregressive baseline: `python -m benchmarks.audiolm.train --size small ...`.

No stage of the recipe: `benchmarks/` compares SoundStorm with it. Coarse and fine stage take turns.
"""

import copy
import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.audiolm.config import AudioLMConfig, like_soundstorm
from benchmarks.audiolm.model import AudioLM, CodeDecoder, flatten_codes
from pipeline.config.networks import SoundStormConfig
from pipeline.config.sizes import small, tiny
from pipeline.device import choose_device, inference_autocast
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import save_network
from pipeline.tokenizers.codec import load_codec
from training.config import LoopConfig, StageOptions
from training.corpus.synthetic_speakers import BUILT_IN_IN_CORPUS
from training.datasets import TokenCorpus, TokenisedUtterance
from training.ema import follow
from training.loop import run_training
from training.options import parse_stage_options
from training.soundstorm.data import SoundStormDataConfig, SoundStormSource

logger = logging.getLogger(__name__)

FREE_SHARE = 0.3
"""Learning rate of the vectors that codes have of their own, as a share of the others'."""

DEV_SOURCES = {"human": ("human",), "synthetic": ("flite", "world")}

ONE_VOICE = SoundStormDataConfig(speaker_counts=(1.0,), unprompted=1.0)
"""Stretches of one speaker, joined from several recordings where one is too short.

A stretch's beginning is the prompt of its rest; no prompt stands apart.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineTraining:
    """Numbers of one training.

    Attributes:
        storm: the network that is compared with; the baseline gets its shape.
        coarse_data, fine_data: how examples of each stage are drawn.
        n_turns: a round of so many steps
        n_coarse_turns: has so many of the coarse stage.
        learning_rate: peak.
        average_decay: of the running average of the weights, which is what is exported.
        average_every: steps between its updates.
        coarse_dev_frames, fine_dev_frames: length of an evaluation's examples.
        n_dev_examples: per kind of source.
    """

    storm: SoundStormConfig
    loop: LoopConfig
    coarse_data: SoundStormDataConfig
    fine_data: SoundStormDataConfig
    n_turns: int = 5
    n_coarse_turns: int = 3
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    average_decay: float = 0.998
    average_every: int = 5
    coarse_dev_frames: int = 250
    fine_dev_frames: int = 150
    n_dev_examples: int = 6


def small_training() -> BaselineTraining:
    """The shipped size. Longest examples are as long as what is generated at once."""
    voices = dataclasses.replace(
        ONE_VOICE,
        source_shares=(("flite", 0.05), ("world", 0.4), ("human", 0.55)),
        favoured=BUILT_IN_IN_CORPUS,
        favoured_share=0.55,
    )
    return BaselineTraining(
        storm=small().soundstorm,
        loop=LoopConfig(max_steps=20_000, warmup_steps=150, evaluate_every=400),
        coarse_data=dataclasses.replace(
            voices, batch_frames=500, lengths=((150, 0.45), (250, 0.4), (500, 0.15))
        ),
        fine_data=dataclasses.replace(
            voices, batch_frames=300, lengths=((50, 0.35), (100, 0.45), (200, 0.2))
        ),
    )


def tiny_training() -> BaselineTraining:
    """A few steps that exercise everything."""
    return BaselineTraining(
        storm=tiny().soundstorm,
        loop=LoopConfig(max_steps=10, warmup_steps=2, evaluate_every=5, log_every=5),
        coarse_data=dataclasses.replace(ONE_VOICE, batch_frames=80, lengths=((20, 0.5), (40, 0.5))),
        fine_data=dataclasses.replace(ONE_VOICE, batch_frames=60, lengths=((20, 1.0),)),
        average_every=1,
        coarse_dev_frames=40,
        fine_dev_frames=20,
        n_dev_examples=2,
    )


SIZES: dict[str, Callable[[], BaselineTraining]] = {"tiny": tiny_training, "small": small_training}


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineBatch:
    """What one stage learns from.

    Attributes:
        prefix: (B, P) int64: semantic ids, or flattened coarse codes.
        codes: (B, n, T) int64, to be told.
    """

    prefix: Tensor
    codes: Tensor


def level_losses(stage: CodeDecoder, batch: BaselineBatch) -> Tensor:
    """Mean cross-entropy (n,) float32 of each level a stage makes, in nats, over all frames."""
    states = stage(batch.prefix, batch.codes)
    weights, biases = stage.heads()
    losses = [
        F.cross_entropy(
            F.linear(states[:, level].flatten(0, 1), weights[level], biases[level]).float(),
            batch.codes[:, level].flatten(),
        )
        for level in range(stage.n_made)
    ]
    return torch.stack(losses)


class BaselineSource:
    """Draws batches of either stage from the token corpus.

    Args:
        corpus: the tokens.
        utterances: those to draw from.
        training: how to draw.

    Raises:
        ConfigError: if no utterance is long enough.
    """

    def __init__(
        self,
        corpus: TokenCorpus,
        utterances: Sequence[TokenisedUtterance],
        training: BaselineTraining,
    ) -> None:
        self.config = like_soundstorm(training.storm)
        self.data = {"coarse": training.coarse_data, "fine": training.fine_data}
        self._sources = {
            stage: SoundStormSource(corpus, utterances, training.storm, data)
            for stage, data in self.data.items()
        }

    def draw_batch(self, stage: str, rng: torch.Generator) -> BaselineBatch:
        """Stretches of one random length for the stage "coarse" or "fine"."""
        data = self.data[stage]
        weights = torch.tensor([weight for _, weight in data.lengths])
        n_frames, _ = data.lengths[int(torch.multinomial(weights, 1, generator=rng))]
        return self.draw(stage, n_frames, max(1, round(data.batch_frames / n_frames)), rng)

    def draw(self, stage: str, n_frames: int, n_rows: int, rng: torch.Generator) -> BaselineBatch:
        """So many stretches of so many frames."""
        examples = [self._sources[stage].draw_example(n_frames, rng) for _ in range(n_rows)]
        codes = torch.stack([example.codes for example in examples])
        coarse, fine = codes[:, : self.config.n_coarse], codes[:, self.config.n_coarse :]
        if stage == "fine":
            return BaselineBatch(prefix=flatten_codes(coarse), codes=fine)
        semantic_ids = torch.stack([example.semantic_ids for example in examples])
        return BaselineBatch(
            prefix=semantic_ids[:, :: self.config.frames_per_semantic], codes=coarse
        )


class BaselineJob:
    """The training that `run_training` runs.

    Args:
        training: its numbers; `training.storm` must fit the codec.
        corpus: tokens; split "train" is learnt, "dev" evaluated.
        codebooks: (Q, V, code_dim) float32, the codec's.
        device: where the networks compute.

    Raises:
        ConfigError: if no training utterance is long enough.
        ShapeError: if the codebooks do not fit.
    """

    name = "audiolm"

    def __init__(
        self,
        training: BaselineTraining,
        corpus: TokenCorpus,
        codebooks: Tensor,
        device: torch.device,
    ) -> None:
        self.training, self.device = training, device
        utterances = corpus.select("train")
        self.source = BaselineSource(corpus, utterances, training)
        torch.manual_seed(training.loop.seed)
        self.network = AudioLM(like_soundstorm(training.storm), codebooks.cpu())
        frequencies = _log_frequencies(corpus, utterances, self.network.config)
        n_coarse = self.network.config.n_coarse
        self.network.coarse.head_bias.data.copy_(frequencies[:n_coarse])
        self.network.fine.head_bias.data.copy_(frequencies[n_coarse:])
        self.network.to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.modules: Mapping[str, nn.Module] = {"network": self.network, "average": self.average}
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {
            name: torch.optim.AdamW(
                _parameter_groups(stage, training),
                lr=training.learning_rate,
                betas=(0.9, 0.98),
                fused=True,
            )
            for name, stage in self._stages(self.network).items()
        }
        self.progress = 0.0
        self._recent: dict[str, float] = {}
        self._dev = {
            f"{kind}_{stage}": (stage, batch)
            for kind, sources in DEV_SOURCES.items()
            for stage, batch in self._dev_batches(corpus, sources)
        }

    def train_step(self, step: int, rng: torch.Generator) -> dict[str, float | Tensor]:
        """Learn one batch of the stage whose turn it is.

        Args:
            step: steps done before.
            rng: CPU generator that draws the batch.

        Returns:
            Nats per code by level, averaged over recent steps, and the gradient's norm.
        """
        is_coarse = step % self.training.n_turns < self.training.n_coarse_turns
        stage = "coarse" if is_coarse else "fine"
        return self.learn(stage, self.source.draw_batch(stage, rng), step)

    def learn(self, stage: str, batch: BaselineBatch, step: int) -> dict[str, float | Tensor]:
        """Update one stage once from a given batch; see `train_step`."""
        network, optimiser = self._stages(self.network)[stage], self.optimisers[stage]
        with inference_autocast(self.device):
            losses = level_losses(network, self._on_device(batch))
        optimiser.zero_grad(set_to_none=True)
        losses.mean().backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(network.parameters(), self.training.gradient_clip)
        optimiser.step()
        if step % self.training.average_every == 0:
            training = self.training
            follow(self.average, self.network, step, training.average_decay, training.average_every)
        for name, loss in self._by_level(stage, losses.detach()).items():
            self._recent[name] = 0.95 * self._recent.get(name, loss) + 0.05 * loss
        return {**self._recent, "gradient": norm.detach()}

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        """Nats per code on held-out speech by level.

        Args:
            rng: not needed: the examples are always the same.
        """
        figures: dict[str, float] = {}
        for name, (stage, batch) in self._dev.items():
            with inference_autocast(self.device):
                losses = level_losses(self._stages(self.average)[stage], self._on_device(batch))
            kind = name.removesuffix(stage)
            figures |= {f"{kind}{n}": loss for n, loss in self._by_level(stage, losses).items()}
        return figures

    def _stages(self, network: AudioLM) -> dict[str, CodeDecoder]:
        return {"coarse": network.coarse, "fine": network.fine}

    def _by_level(self, stage: str, losses: Tensor) -> dict[str, float]:
        first = 1 if stage == "coarse" else 1 + self.network.config.n_coarse
        return {f"level_{first + i}": loss for i, loss in enumerate(losses.tolist())}

    def _on_device(self, batch: BaselineBatch) -> BaselineBatch:
        return BaselineBatch(prefix=batch.prefix.to(self.device), codes=batch.codes.to(self.device))

    def _dev_batches(
        self, corpus: TokenCorpus, sources: tuple[str, ...]
    ) -> list[tuple[str, BaselineBatch]]:
        utterances = corpus.select("dev", sources)
        if not utterances:
            return []
        training = dataclasses.replace(self.training, coarse_data=ONE_VOICE, fine_data=ONE_VOICE)
        source = BaselineSource(corpus, utterances, training)
        rng = torch.Generator().manual_seed(1)
        lengths = {"coarse": training.coarse_dev_frames, "fine": training.fine_dev_frames}
        return [
            (stage, source.draw(stage, n_frames, training.n_dev_examples, rng))
            for stage, n_frames in lengths.items()
        ]


def _parameter_groups(stage: CodeDecoder, training: BaselineTraining) -> list[dict[str, object]]:
    """Weight decay for matrices that multiply; smaller steps for codes' own vectors."""
    decayed = [m.weight for m in stage.modules() if isinstance(m, nn.Linear)]
    free = [weight for name, weight in stage.named_parameters() if name.endswith("_free")]
    ids = {id(weight) for weight in (*decayed, *free)}
    others = [p for p in stage.parameters() if id(p) not in ids]
    return [
        {"params": decayed, "weight_decay": training.weight_decay},
        {"params": others, "weight_decay": 0.0},
        {"params": free, "weight_decay": 0.0, "lr": FREE_SHARE * training.learning_rate},
    ]


def _log_frequencies(
    corpus: TokenCorpus, utterances: Sequence[TokenisedUtterance], config: AudioLMConfig
) -> Tensor:
    """Log of how often each code occurs (Q, V): what heads say before they know anything."""
    codes = torch.cat([corpus.codes(utterance) for utterance in utterances], dim=1)
    counts = torch.stack([torch.bincount(level, minlength=config.n_codes) for level in codes])
    return ((counts + 1.0) / (counts + 1.0).sum(dim=1, keepdim=True)).log()


def run(options: StageOptions) -> None:
    """Train on `out/tokens` and the codec's codebooks; export to `out/models/audiolm`.

    Raises:
        CheckpointError: if tokens or codec are missing, or the run's checkpoint does not fit.
        ConfigError: if the size is unknown or the corpus too short.
    """
    if options.size not in SIZES:
        raise ConfigError(
            f"audiolm: no training for size {options.size!r}; there are {sorted(SIZES)}"
        )
    training = SIZES[options.size]()
    device = choose_device(options.device)
    codebooks = load_codec(options.out / "models" / "codec", torch.device("cpu")).codebooks
    job = BaselineJob(training, TokenCorpus(options.out / "tokens"), codebooks, device)
    run_training(job, training.loop.within(options.minutes), options.out / "audiolm")
    export(job, options.out / "models" / "audiolm")


def export(job: BaselineJob, folder: Path) -> None:
    """Write the averaged weights of both stages."""
    save_network(folder, job.network.config, job.average)
    logger.info("audiolm: exported to %s", folder)


def main(argv: list[str] | None = None) -> None:
    """`python -m benchmarks.audiolm.train`."""
    run(parse_stage_options(argv, description="Train the autoregressive baseline."))


if __name__ == "__main__":
    main()
