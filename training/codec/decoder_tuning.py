"""Recipe: tune the codec's decoder on codes as SoundStorm predicts them.

The decoder has learned from true codes, but at generation it hears predicted ones, whose fine
levels are often wrong. Vocoders are tuned on predicted spectra for the same reason (HiFi-GAN, arXiv
2010.05646, section 4.4). Encoder and codebooks stay as they are, and with them all tokens and
voices.
"""

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.config.networks import SoundStormConfig
from pipeline.device import choose_device, inference_autocast
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import (
    load_config,
    load_network,
    load_tensors,
    save_network,
    save_tensors,
)
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.semantic_to_acoustic.sequence import stretch_to_frames
from pipeline.tokenizers.spectral_codec import SpectralCodec
from training.codec.losses import SpectralLosses
from training.config import LoopConfig, StageOptions
from training.datasets import Corpus, TokenCorpus
from training.ema import follow
from training.loop import run_training
from training.options import parse_stage_options

logger = logging.getLogger(__name__)

PASSAGES_NAME = "passages.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderTuning:
    """Numbers of a tuning.

    Attributes:
        n_passages: passages whose codes are predicted; some of them are held out.
        n_held_out: of them.
        passage_ids: length of a passage in semantic ids.
        prompt_ids: its start, where the true codes are given, as a voice prompt would be.
        hidden_share: most of the first level that is predicted, too, in one pass.
        n_together: passages predicted at once.
        batch_size: crops a step; every second one is of true codes.
        crop_frames: acoustic frames of a crop.
        max_steps: bound when none in minutes is given.
        average_decay: of the moving average of weights that is exported.
    """

    n_passages: int = 1200
    n_held_out: int = 40
    passage_ids: int = 100
    prompt_ids: int = 25
    hidden_share: float = 0.5
    n_together: int = 8
    batch_size: int = 16
    crop_frames: int = 50
    max_steps: int = 1500
    learning_rate: float = 4e-4
    warmup_steps: int = 50
    mel_weight: float = 15.0
    linear_weight: float = 1.0
    gradient_clip: float = 5.0
    average_decay: float = 0.995
    evaluate_every: int = 250
    seed: int = 5


SIZES = {
    "tiny": DecoderTuning(
        n_passages=6,
        n_held_out=2,
        passage_ids=20,
        prompt_ids=5,
        n_together=3,
        batch_size=4,
        crop_frames=30,
        max_steps=4,
        warmup_steps=1,
        evaluate_every=4,
    ),
    "small": DecoderTuning(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """Pieces of the corpus with their codes, true and predicted.

    Attributes:
        utterances: (P,) int64, numbers of the corpus's utterances.
        frames: (P,) int64, where each begins in its utterance.
        true_codes, predicted_codes: (P, Q, T) int64, without what served as prompt.
    """

    utterances: Tensor
    frames: Tensor
    true_codes: Tensor
    predicted_codes: Tensor


@torch.inference_mode()
def predict_codes(
    network: SoundStorm, semantic_ids: Tensor, codes: Tensor, given: Tensor
) -> Tensor:
    """Codes in one greedy pass for each level.

    Args:
        network: in eval mode.
        semantic_ids: (B, T) int64, one for each frame.
        codes: (B, Q, T) int64, the true ones.
        given: (B, Q, T) bool; true codes that the network sees. The others are never looked at.

    Returns:
        (B, Q, T) int64: given ones as they are, the others predicted.
    """
    codes = codes.masked_fill(~given, network.config.hidden_code)
    slots = torch.ones_like(semantic_ids)
    prefix = given.all(dim=1).long().cummin(dim=1).values.bool()  # what is given at the start
    with inference_autocast(network.codebooks.device):
        for level in range(codes.shape[1]):
            wanted = ~given[:, level]
            if wanted.any():
                states = network(semantic_ids, slots, codes, prefix)
                codes[:, level][wanted] = network.logits(states[wanted], level).argmax(dim=-1)
    return codes


def draw_passages(
    network: SoundStorm, tokens: TokenCorpus, config: DecoderTuning, device: torch.device
) -> Passages:
    """Draw passages from training utterances that are long enough, and predict their codes.

    Raises:
        ConfigError: if no utterance is long enough.
    """
    rng = torch.Generator().manual_seed(config.seed)
    per_id = network.config.frames_per_semantic
    n_frames, n_prompt = config.passage_ids * per_id, config.prompt_ids * per_id
    long_enough = [
        number
        for number, utterance in enumerate(tokens.utterances)
        if utterance.split == "train" and utterance.n_semantic >= config.passage_ids
    ]
    if not long_enough:
        raise ConfigError(
            f"no utterance has {config.passage_ids} semantic ids; the corpus needs longer ones"
        )
    numbers, starts, true, predicted = [], [], [], []
    for _ in range(-(-config.n_passages // config.n_together)):
        ids, codes = [], []
        for pick in torch.randint(len(long_enough), (config.n_together,), generator=rng).tolist():
            number = long_enough[pick]
            utterance = tokens.utterances[number]
            latest = utterance.n_semantic - config.passage_ids
            start = int(torch.randint(latest + 1, (1,), generator=rng))
            ids.append(tokens.semantic_ids(utterance)[start : start + config.passage_ids])
            codes.append(tokens.codes(utterance)[:, start * per_id : start * per_id + n_frames])
            numbers.append(number)
            starts.append(start * per_id + n_prompt)
        true_codes = torch.stack(codes)
        given = torch.zeros_like(true_codes, dtype=torch.bool)
        given[:, :, :n_prompt] = True
        shares = config.hidden_share * torch.rand(config.n_together, 1, generator=rng)
        given[:, 0] |= torch.rand(config.n_together, n_frames, generator=rng) >= shares
        semantic_ids = stretch_to_frames(torch.stack(ids), per_id).to(device)
        made = predict_codes(network, semantic_ids, true_codes.to(device), given.to(device)).cpu()
        true.append(true_codes[:, :, n_prompt:])
        predicted.append(made[:, :, n_prompt:])
        if len(numbers) % (10 * config.n_together) == 0:
            logger.info("decoder: %d of %d passages", len(numbers), config.n_passages)
    return Passages(
        utterances=torch.tensor(numbers),
        frames=torch.tensor(starts),
        true_codes=torch.cat(true),
        predicted_codes=torch.cat(predicted),
    )


class DecoderJob:
    """One tuning; implements `TrainingJob`.

    Args:
        codec: trained; its encoder and codebooks stay as they are.
        config: numbers of the tuning.
        corpus: the sound of the passages.
        passages: what is decoded.
        device: where it runs.
    """

    name = "decoder"

    def __init__(
        self,
        codec: SpectralCodec,
        config: DecoderTuning,
        corpus: Corpus,
        passages: Passages,
        device: torch.device,
    ) -> None:
        self.config, self.device, self.progress = config, device, 0.0
        self._corpus, self._passages = corpus, passages
        self.codec = codec.to(device).requires_grad_(False)
        learning = nn.ModuleList((self.codec.decoder, self.codec.fine_decoder))
        learning.requires_grad_(True)
        self._parameters = list(learning.parameters())
        self.average = copy.deepcopy(self.codec).requires_grad_(False)
        self.modules: Mapping[str, nn.Module] = {"codec": self.codec, "average": self.average}
        optimiser = torch.optim.AdamW(
            self._parameters, lr=config.learning_rate, betas=(0.8, 0.99), weight_decay=0.01
        )
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {"decoder": optimiser}
        self._losses = SpectralLosses(codec.sample_rate_hz).to(device)

    def train_step(self, step: int, rng: torch.Generator) -> dict[str, float | Tensor]:
        """One update of the decoder."""
        config, n_learned = self.config, len(self._passages.frames) - self.config.n_held_out
        rows = torch.randint(n_learned, (config.batch_size,), generator=rng) + config.n_held_out
        n_frames = self._passages.true_codes.shape[-1]
        starts = torch.randint(
            n_frames - config.crop_frames + 1, (config.batch_size,), generator=rng
        )
        predicted = torch.arange(config.batch_size) % 2 == 0
        codes, wanted = self._crops(rows, starts, config.crop_frames, predicted)
        mel, linear = self._losses(self._decode(self.codec, codes), wanted)
        loss = config.mel_weight * mel + config.linear_weight * linear
        (optimiser,) = self.optimisers.values()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._parameters, config.gradient_clip)
        optimiser.step()
        follow(self.average, self.codec, step, config.average_decay)
        return {"mel": mel.detach(), "linear": linear.detach(), "gradient": norm}

    def evaluate(self, rng: torch.Generator) -> dict[str, float]:
        """Mel distance on held-out passages, of true and of predicted codes."""
        rows = torch.arange(self.config.n_held_out)
        n_frames = self._passages.true_codes.shape[-1]
        figures = {}
        for name, share in (("true", False), ("predicted", True)):
            predicted = torch.full((len(rows),), share)
            codes, wanted = self._crops(rows, torch.zeros_like(rows), n_frames, predicted)
            made = self._decode(self.average, codes)
            figures[f"mel_{name}"] = float(self._losses(made, wanted)[0])
        return figures

    def _crops(
        self, rows: Tensor, starts: Tensor, n_frames: int, predicted: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Codes (B, Q, n_frames) and their sound (B, N) of passages `rows` from `starts` on."""
        hop = self.codec.config.hop_samples
        codes, sounds = [], []
        for row, start, is_predicted in zip(
            rows.tolist(), starts.tolist(), predicted.tolist(), strict=True
        ):
            passages = self._passages
            source = passages.predicted_codes if is_predicted else passages.true_codes
            codes.append(source[row, :, start : start + n_frames])
            utterance = self._corpus.utterances[int(passages.utterances[row])]
            first = (int(passages.frames[row]) + start) * hop
            sound = np.zeros(n_frames * hop, dtype=np.float32)
            piece = self._corpus.audio(utterance)[first : first + len(sound)]
            sound[: len(piece)] = piece / np.float32(32768.0)
            sounds.append(torch.from_numpy(sound))
        return torch.stack(codes).long().to(self.device), torch.stack(sounds).to(self.device)

    def _decode(self, codec: SpectralCodec, codes: Tensor) -> Tensor:
        with inference_autocast(self.device):
            return codec.waveform(codec.quantizer.decode(codes))


def run(options: StageOptions) -> None:
    """Tune `out/models/codec` on what `out/models/soundstorm` predicts.

    Raises:
        CheckpointError: if an earlier stage's results are missing.
        ConfigError: if the corpus has no utterance that is long enough.
    """
    if options.size not in SIZES:
        logger.info("decoder: size %s has a pretrained codec, nothing to tune", options.size)
        return
    config = SIZES[options.size]
    device = choose_device(options.device)
    models, folder = options.out / "models", options.out / "decoder"
    passages = _passages(models, options.out, config, device)
    codec = SpectralCodec.load(models / "codec", device)
    identity = codec.identity
    job = DecoderJob(codec, config, Corpus(options.out / "corpus"), passages, device)
    loop = LoopConfig(
        max_steps=config.max_steps,
        warmup_steps=config.warmup_steps,
        evaluate_every=config.evaluate_every,
    )
    run_training(job, loop.within(options.minutes), folder)
    assert job.average.identity == identity, "codebooks stay"
    save_network(models / "codec", codec.config, job.average)


def _passages(models: Path, out: Path, config: DecoderTuning, device: torch.device) -> Passages:
    path = out / "decoder" / PASSAGES_NAME
    if not path.is_file():
        network = SoundStorm(load_config(models / "soundstorm", SoundStormConfig))
        load_network(models / "soundstorm", network)
        network = network.to(device).eval().requires_grad_(False)
        made = draw_passages(network, TokenCorpus(out / "tokens"), config, device)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_tensors(
            path,
            {
                "utterances": made.utterances,
                "frames": made.frames,
                "true_codes": made.true_codes.to(torch.int16),
                "predicted_codes": made.predicted_codes.to(torch.int16),
            },
        )
    return Passages(**load_tensors(path))


def main(argv: list[str] | None = None) -> None:
    """Command line of this stage."""
    run(parse_stage_options(argv, "Tune the codec's decoder on predicted codes."))


if __name__ == "__main__":
    main()
