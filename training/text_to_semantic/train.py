"""Recipe: train text-to-semantic on the token corpus."""

import copy
import dataclasses
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.networks import TextToSemanticConfig
from pipeline.config.sizes import base, small, tiny
from pipeline.device import choose_device, inference_autocast
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import save_network
from pipeline.text_to_semantic.model import EncodedText, TextToSemantic
from pipeline.tokenizers.text import TextTokenizer
from training.config import LoopConfig, StageOptions
from training.datasets import TokenCorpus, TokenisedUtterance
from training.ema import follow
from training.loop import run_training
from training.options import parse_stage_options
from training.text_to_semantic.data import (
    Batch,
    BatchConfig,
    BatchSource,
    encode_texts,
    measure_durations,
    read_spoken_texts,
)
from training.text_to_semantic.losses import duration_loss, guidance_cost
from training.text_to_semantic.reading_data import ReadingLesson, ReadingSource
from training.text_to_semantic.readings import Reading, load_readings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToSemanticTraining:
    """Numbers of one training.

    Attributes:
        learning_rate: peak.
        label_smoothing: share of the target spread over all ids.
        guidance_weight: of the guided-attention loss.
        guidance_width: how far from a character's middle attention may be, in semantic ids.
        reading_share: of the run, its start, in which the encoder alone learns, from readings; it
            never stops learning from them.
        reading_weight: of their loss. reading_characters: of a batch of them, about.
        min_sound_count: sounds that occur less often in the readings are not asked for.
        duration_weight: of the loss of the predicted durations.
        average_decay: of the running average of the weights, which is what is exported.
        n_dev_batches: batches of an evaluation.
    """

    network: TextToSemanticConfig
    loop: LoopConfig
    batches: BatchConfig = field(default_factory=BatchConfig)
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    dropout: float = 0.1
    label_smoothing: float = 0.1
    guidance_weight: float = 0.3
    guidance_width: float = 1.5
    reading_share: float = 0.15
    reading_weight: float = 1.0
    reading_characters: int = 1500
    min_sound_count: int = 20
    duration_weight: float = 1.0
    average_decay: float = 0.998
    n_dev_batches: int = 8


def small_training() -> TextToSemanticTraining:
    """The shipped size."""
    return TextToSemanticTraining(
        network=small().text_to_semantic, loop=LoopConfig(max_steps=20_000, evaluate_every=250)
    )


def base_training() -> TextToSemanticTraining:
    """Paper scale: dropout and label smoothing as in SPEAR-TTS; utterances and windows up to 30 s.

    SPEAR-TTS starts from a pretraining on speech alone and names no learning rate for Adam; a deep
    network without that start needs a low one and a long warm-up.
    """
    return TextToSemanticTraining(
        network=base().text_to_semantic,
        loop=LoopConfig(max_steps=200_000, warmup_steps=4_000, evaluate_every=2_000),
        batches=BatchConfig(n_frames=16_000, window_frames=750, max_utterance_frames=750),
        learning_rate=3e-4,
        average_decay=0.9995,
    )


def tiny_training() -> TextToSemanticTraining:
    """A few steps that exercise everything."""
    return TextToSemanticTraining(
        network=tiny().text_to_semantic,
        loop=LoopConfig(max_steps=8, warmup_steps=2, evaluate_every=4, log_every=4),
        batches=BatchConfig(n_frames=300),
        n_dev_batches=1,
    )


SIZES: dict[str, Callable[[], TextToSemanticTraining]] = {
    "tiny": tiny_training,
    "small": small_training,
    "base": base_training,
}


class TextToSemanticJob:
    """The training that `run_training` runs.

    Args:
        config: its numbers; `config.network` must fit the tokenizer.
        train: where batches come from.
        dev: where evaluations' batches come from.
        device: where the network computes.
        lesson: what the encoder learns to read from besides; `None`: nothing.
    """

    name = "text_to_semantic"

    def __init__(
        self,
        config: TextToSemanticTraining,
        train: BatchSource,
        dev: BatchSource,
        device: torch.device,
        lesson: ReadingLesson | None = None,
    ) -> None:
        self.config, self.train_source, self.dev_source, self.device = config, train, dev, device
        torch.manual_seed(config.loop.seed)
        self.network = TextToSemantic(config.network, config.dropout).to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.lesson = lesson.to(device) if lesson is not None else None
        modules: dict[str, nn.Module] = {"network": self.network, "average": self.average}
        if self.lesson is not None:
            modules["lesson"] = self.lesson
        self.modules: Mapping[str, nn.Module] = modules
        learning = nn.ModuleList(modules[name] for name in modules if name != "average")
        self.optimiser = torch.optim.AdamW(
            _parameter_groups(learning, config.weight_decay),
            lr=config.learning_rate,
            betas=(0.9, 0.98),
        )
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {"network": self.optimiser}
        self.progress = 0.0

    def train_step(self, step: int, rng: torch.Generator) -> dict[str, float | Tensor]:
        """One update on one batch."""
        torch.manual_seed(
            int(torch.randint(2**31, (1,), generator=rng))
        )  # dropout has no generator
        whole = torch.zeros((), device=self.device)
        figures: dict[str, Tensor] = {}
        if self.lesson is not None:
            reading, _ = self._read(self.lesson, self.network, self.lesson.train_source, rng)
            whole = whole + self.config.reading_weight * reading
            figures["reading"] = reading
        if self.lesson is None or self.progress >= self.config.reading_share:
            batch = self.train_source.draw(rng).to(self.device)
            logits, attention, text = self._forward(self.network, batch, batch.clock)
            loss = self._cross_entropy(logits, batch, self.config.label_smoothing)
            strayed = guidance_cost(attention, text.layout, batch, self.config.guidance_width)
            duration = duration_loss(text.log_durations, text.layout, batch)
            whole = whole + loss + self.config.guidance_weight * strayed
            whole = whole + self.config.duration_weight * duration
            figures |= {"loss": loss, "strayed": strayed, "duration": duration}
        self.optimiser.zero_grad(set_to_none=True)
        whole.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_clip)
        self.optimiser.step()
        follow(self.average, self.network, step, self.config.average_decay)
        figures["gradient"] = norm
        return {name: figure.detach() for name, figure in figures.items()}

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        """Figures with the durations that the network itself predicts, as at generation."""
        totals: dict[str, float] = defaultdict(float)
        for _ in range(self.config.n_dev_batches):
            batch = self.dev_source.draw(rng).to(self.device)
            logits, attention, text = self._forward(self.average, batch, None)
            valid = batch.said_valid
            right = logits.argmax(dim=-1) == batch.said_ids
            peak = attention.max(dim=-1).values.mean(dim=1)
            totals["loss"] += float(self._cross_entropy(logits, batch, 0.0))
            totals["loss_of_other_text"] += self._loss_of_other_text(batch)
            totals["accuracy"] += float(right[valid].float().mean())
            totals["sharpness"] += float(peak[valid].mean())
            width = self.config.guidance_width
            totals["strayed"] += float(guidance_cost(attention, text.layout, batch, width))
            totals["duration"] += float(duration_loss(text.log_durations, text.layout, batch))
            if self.lesson is not None:
                totals["read"] += float(
                    self._read(self.lesson, self.average, self.lesson.dev_source, rng)[1]
                )
        return {name: total / self.config.n_dev_batches for name, total in totals.items()}

    def _loss_of_other_text(self, batch: Batch) -> float:
        """Cross-entropy when every row is given its neighbour's text.

        How far it is above the loss tells how much the decoder reads instead of babbling.
        """
        batch = dataclasses.replace(
            batch, text_ids=batch.text_ids.roll(1, 0), text_valid=batch.text_valid.roll(1, 0)
        )
        logits, _, _ = self._forward(self.average, batch, None)
        return float(self._cross_entropy(logits, batch, 0.0))

    def _read(
        self,
        lesson: ReadingLesson,
        network: TextToSemantic,
        source: ReadingSource,
        rng: torch.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Loss and share of right answers on a batch of readings."""
        with inference_autocast(self.device):
            loss, right = lesson(network, source.draw(rng).to(self.device))
        return loss, right

    def _forward(
        self, network: TextToSemantic, batch: Batch, durations: Tensor | None
    ) -> tuple[Tensor, Tensor, EncodedText]:
        with inference_autocast(self.device):
            text = network.encode(batch.text_ids, batch.text_valid, batch.prompts, durations)
            logits, attention = network.decode(batch.fed_ids, text)
        return logits.float(), attention, text

    @staticmethod
    def _cross_entropy(logits: Tensor, batch: Batch, label_smoothing: float) -> Tensor:
        valid = batch.said_valid
        return F.cross_entropy(
            logits[valid], batch.said_ids[valid], label_smoothing=label_smoothing
        )


def _parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Matrices decay; gains, biases and embeddings do not."""
    embeddings = {id(m.weight) for m in network.modules() if isinstance(m, nn.Embedding)}
    decaying = [p for p in network.parameters() if p.ndim > 1 and id(p) not in embeddings]
    others = [p for p in network.parameters() if p.ndim <= 1 or id(p) in embeddings]
    return [
        {"params": decaying, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


def build_job(
    config: TextToSemanticTraining,
    corpus: TokenCorpus,
    tokenizer: TextTokenizer,
    device: torch.device,
    readings: Sequence[Reading] = (),
) -> TextToSemanticJob:
    """Measure the corpus, fit the network's config to it and the tokenizer, set up the training.

    Args:
        config: numbers of the training.
        corpus: what is spoken.
        tokenizer: of the texts.
        device: where the network computes.
        readings: what the encoder learns to read from besides; may be none.

    Raises:
        DialogueError: if the corpus has no utterance with a text that is short enough.
    """
    train = _with_times([u for u in corpus.select("train") if u.text])
    dev = _with_times([u for u in corpus.select("dev") if u.text]) or train[-64:]
    texts = [encode_texts(utterances, tokenizer) for utterances in (train, dev)]
    edge_frames, frames_per_character = measure_durations(train, texts[0])
    network = dataclasses.replace(
        config.network,
        n_text_ids=tokenizer.n_ids,
        first_speaker_id=tokenizer.speaker_id("S1"),
        first_pace_id=tokenizer.pace_id(0.5),
        n_speakers=len(tokenizer.speakers),
        n_pace_bins=tokenizer.n_pace_bins,
        frames_per_character=frames_per_character,
        edge_frames=edge_frames,
    )
    markers = [tokenizer.speaker_id(name) for name in tokenizer.speakers]
    assert markers == list(range(markers[0], markers[0] + network.n_speakers)), markers
    config = dataclasses.replace(config, network=network)
    undisturbed = dataclasses.replace(config.batches, corrupted_share=0.0, blind_share=0.0)
    sources = [
        BatchSource(read_spoken_texts(corpus, *given, network), tokenizer, network, batches)
        for given, batches in (
            ((train, texts[0]), config.batches),
            ((dev, texts[1]), undisturbed),
        )
    ]
    logger.info(
        "text_to_semantic: %d train and %d dev utterances; a piece takes %.1f semantic ids "
        "and %.2f for each character",
        len(sources[0].spoken),
        len(sources[1].spoken),
        edge_frames,
        frames_per_character,
    )
    lesson = _reading_lesson(config, readings, tokenizer) if readings else None
    return TextToSemanticJob(config, sources[0], sources[1], device, lesson)


def _reading_lesson(
    config: TextToSemanticTraining, readings: Sequence[Reading], tokenizer: TextTokenizer
) -> ReadingLesson:
    torch.manual_seed(config.loop.seed)
    return ReadingLesson(
        readings,
        tokenizer,
        config.network.dim,
        min_count=config.min_sound_count,
        n_characters=config.reading_characters,
    )


def _with_times(utterances: list[TokenisedUtterance]) -> list[TokenisedUtterance]:
    """Those whose phones' times are known; all of them if none are."""
    return [utterance for utterance in utterances if utterance.phones] or utterances


def export(job: TextToSemanticJob, folder: Path) -> None:
    """Write the averaged weights and their config where the app looks for them."""
    save_network(folder, job.config.network, job.average)


def run(options: StageOptions) -> None:
    """Train on `out/tokens` and `out/readings.jsonl`, and export to `out/models/text_to_semantic`.

    Raises:
        ConfigError: if the size is unknown.
        DialogueError: if an earlier stage's results are missing.
    """
    if options.size not in SIZES:
        raise ConfigError(
            f"text_to_semantic: no training for size {options.size!r}; there are {sorted(SIZES)}"
        )
    config = SIZES[options.size]()
    loop = dataclasses.replace(config.loop, max_minutes=options.minutes)
    config = dataclasses.replace(config, loop=loop)
    models = options.out / "models"
    tokenizer = TextTokenizer.load(models / "text_tokenizer" / "tokenizer.model")
    corpus = TokenCorpus(options.out / "tokens")
    readings = load_readings(options.out)
    job = build_job(config, corpus, tokenizer, choose_device(options.device), readings)
    run_training(job, config.loop, options.out / "text_to_semantic")
    export(job, models / "text_to_semantic")


def main(argv: list[str] | None = None) -> None:
    """Command line of this stage."""
    run(parse_stage_options(argv, "Train text-to-semantic on the token corpus."))
