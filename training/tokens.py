"""Recipe: turn every utterance of the corpus into semantic ids and codes.

Two passes, each in parts that are kept: a run that was stopped goes on where it was, and a finished
pass is not repeated unless its tokenizer changed.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from pipeline.config.networks import SemanticConfig
from pipeline.device import choose_device
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import WEIGHTS_NAME, load_tensors, save_tensors
from pipeline.tokenizers.codec import Codec, load_codec
from pipeline.tokenizers.semantic import SemanticTokenizer, n_ids_of
from training.config import StageOptions
from training.datasets import Corpus, TokenisedUtterance, Utterance, save_tokens
from training.options import parse_stage_options

logger = logging.getLogger(__name__)

EncodeBatch = Callable[[list[Tensor]], list[Tensor]]
"""Recordings (N,) float32 to tokens whose last axis is time."""

_N_UTTERANCES_PER_PART = 1_000
_BATCH_S = 48.0


def main(argv: list[str] | None = None) -> None:
    """Run the stage from the command line.

    Args:
        argv: arguments after the program's name; `None` reads the process's own.
    """
    run(parse_stage_options(argv, "Encode the corpus with the trained tokenizers."))


def run(options: StageOptions) -> None:
    """Write `tokens/` of the run.

    Args:
        options: `out` holds `corpus/`, `models/semantic/` and `models/codec/`.

    Raises:
        CheckpointError: if the corpus or a tokenizer is missing or damaged.
        ConfigError: if the rates of the two tokenizers do not fit.
    """
    device = choose_device(options.device)
    corpus = Corpus(options.out / "corpus")
    folder, models = options.out / "tokens", options.out / "models"
    tokenizer = SemanticTokenizer.load(models / "semantic", device)
    codec = load_codec(models / "codec", device)
    frames_per_id = frames_per_semantic_id(codec, tokenizer.config)
    semantic = encode_in_parts(
        corpus,
        tokenizer.encode_batch,
        folder / "parts" / _name("semantic", models / "semantic"),
        tokenizer.config.sample_rate_hz,
    )

    def encode_codes(recordings: list[Tensor]) -> list[Tensor]:
        return encode_with_codec(codec, recordings, tokenizer.config, device)

    codes = encode_in_parts(
        corpus,
        encode_codes,
        folder / "parts" / _name("codes", models / "codec"),
        codec.sample_rate_hz,
    )
    utterances = token_spans(corpus, tokenizer.config, frames_per_id)
    save_tokens(folder, semantic, codes, utterances)
    logger.info("%d utterances, %d ids in %s", len(utterances), semantic.shape[-1], folder)


def frames_per_semantic_id(codec: Codec, config: SemanticConfig) -> int:
    """Acoustic frames that one semantic id stands for.

    Raises:
        ConfigError: if that is not a whole number.
    """
    ratio = codec.frame_rate_hz / config.rate_hz
    if ratio != int(ratio):
        raise ConfigError(
            f"a codec of {codec.frame_rate_hz} frames/s does not fit {config.rate_hz} semantic "
            "ids/s; a whole number of frames for each id works"
        )
    return int(ratio)


@torch.inference_mode()
def encode_with_codec(
    codec: Codec, recordings: Sequence[Tensor], config: SemanticConfig, device: torch.device
) -> list[Tensor]:
    """Codes (Q, T) of recordings, each first cut or padded to a whole number of semantic ids.

    Args:
        codec: encodes.
        recordings: each (N,) float32 at the codec's sample rate.
        config: rates of the semantic ids.
        device: where the codec is.
    """
    lengths = [len(r) * config.sample_rate_hz // codec.sample_rate_hz for r in recordings]
    per_id = codec.sample_rate_hz // config.rate_hz
    n_samples = [per_id * n_ids_of(length, config) for length in lengths]
    batch = torch.zeros(len(recordings), max(n_samples))
    for row, samples, count in zip(batch, recordings, n_samples, strict=True):
        row[: min(count, len(samples))] = samples[:count]
    codes = codec.encode(batch.to(device)).cpu()
    hop_samples = codec.sample_rate_hz / codec.frame_rate_hz
    n_frames = [round(count / hop_samples) for count in n_samples]
    return [row[:, :count] for row, count in zip(codes, n_frames, strict=True)]


def encode_in_parts(corpus: Corpus, encode: EncodeBatch, stem: Path, sample_rate_hz: int) -> Tensor:
    """Tokens of a whole corpus end to end, int16, through part files that survive a stop.

    Args:
        corpus: recordings.
        encode: tokens of a batch.
        stem: part files are named after it; it should change when the tokenizer does.
        sample_rate_hz: that `encode` wants.
    """
    parts = []
    utterances = corpus.utterances
    for number, start in enumerate(range(0, len(utterances), _N_UTTERANCES_PER_PART)):
        path = stem.with_name(f"{stem.name}-{number:03d}.safetensors")
        if not path.is_file():
            chosen = utterances[start : start + _N_UTTERANCES_PER_PART]
            tokens = _encode_part(corpus, chosen, encode, sample_rate_hz)
            save_tensors(path, {"tokens": tokens.to(torch.int16)})
            logger.info(
                "%s: %d of %d",
                stem.name,
                min(start + _N_UTTERANCES_PER_PART, len(utterances)),
                len(utterances),
            )
        parts.append(load_tensors(path)["tokens"])
    return torch.cat(parts, dim=-1)


def _encode_part(
    corpus: Corpus, utterances: Sequence[Utterance], encode: EncodeBatch, sample_rate_hz: int
) -> Tensor:
    """Tokens in order; like lengths are encoded together."""
    found: dict[int, Tensor] = {}
    lengths = [corpus.length_at(u, sample_rate_hz) for u in utterances]
    for rows in batches_of_like_length(lengths, _BATCH_S * sample_rate_hz):
        recordings = [corpus.samples_at(utterances[row], sample_rate_hz) for row in rows]
        found.update(zip(rows, encode(recordings), strict=True))
    return torch.cat([found[row] for row in range(len(utterances))], dim=-1)


def batches_of_like_length(lengths: Sequence[int], max_total: float) -> list[list[int]]:
    """Indices in batches of similar length; padded, none exceeds `max_total` unless alone."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and lengths[index] * (len(batches[-1]) + 1) <= max_total:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def token_spans(
    corpus: Corpus, config: SemanticConfig, frames_per_id: int
) -> list[TokenisedUtterance]:
    """Where each utterance's tokens are when all stand end to end."""
    spans = []
    start = 0
    for utterance in corpus.utterances:
        n_ids = n_ids_of(corpus.length_at(utterance, config.sample_rate_hz), config)
        spans.append(
            TokenisedUtterance(
                semantic_start=start,
                n_semantic=n_ids,
                frame_start=start * frames_per_id,
                n_frames=n_ids * frames_per_id,
                speaker=utterance.speaker,
                source=utterance.source,
                split=utterance.split,
                text=utterance.text,
                phones=utterance.phones,
            )
        )
        start += n_ids
    return spans


def _name(kind: str, folder: Path) -> str:
    """Part file name with a fingerprint of the weights; loading has checked that they exist."""
    return f"{kind}-{hashlib.sha256((folder / WEIGHTS_NAME).read_bytes()).hexdigest()[:8]}"


if __name__ == "__main__":
    main()
