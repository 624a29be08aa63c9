"""Stage 5 of 6: acoustic codes → samples, decoded in overlapping chunks.

    codes    |------ chunk ------|------ chunk ------|
    decoded  |------ chunk ------|ctx|
                             |ctx|------ chunk ------|

Each chunk is decoded with the frames around it as context and cropped to itself, so that memory
does not grow with the length of a turn and the joints are those of decoding it whole.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.tokens import AcousticTokens
from pipeline.errors import ShapeError
from pipeline.tokenizers.codec import Codec

CHUNK_FRAMES = 500
CONTEXT_FRAMES = 40
"""Covers the receptive field of the spectral codec's decoder: 18 + 5 frames and the window."""

BATCH_FRAMES = 4000
"""Most frames decoded at once."""

SHORTEST_TOGETHER = 16
"""Pieces shorter than this are decoded alone: a CPU's product of few rows rounds differently."""


class _Piece(NamedTuple):
    """Frames [first, stop) of a turn are decoded, of which [start, end) are kept."""

    turn: int
    first: int
    start: int
    end: int
    stop: int


@torch.inference_mode()
def acoustic_to_waveform(
    acoustic: Sequence[AcousticTokens],
    codec: Codec,
    chunk_frames: int = CHUNK_FRAMES,
    context_frames: int = CONTEXT_FRAMES,
    on_progress: ProgressCallback | None = None,
) -> list[Waveform]:
    """Decode every turn.

    Pauses are not inserted here: their positions travel on with the codes.

    Args:
        acoustic: one per turn; codes (Q, T) int64 in [0, V), T at least 1.
        codec: turns codes into samples.
        chunk_frames: turns longer than this are decoded in chunks of this many frames.
        context_frames: frames decoded and thrown away on both sides of a chunk.
        on_progress: called with ("waveform", pieces done, pieces in all).

    Returns:
        One waveform per turn, T * hop samples long.

    Raises:
        ShapeError: if the codes are not the codec's: rate, levels, range, or empty.
    """
    for index, tokens in enumerate(acoustic):
        _check(tokens, codec, f"turn {index + 1}")
    pieces = [
        piece
        for turn, tokens in enumerate(acoustic)
        for piece in _split(turn, tokens.codes.shape[-1], chunk_frames, context_frames)
    ]
    hop = round(codec.sample_rate_hz / codec.frame_rate_hz)
    sounds: dict[_Piece, NDArray[np.float32]] = {}
    for batch in _batches(pieces):
        if on_progress is not None:
            on_progress("waveform", len(sounds), len(pieces))
        codes = torch.stack([acoustic[p.turn].codes[:, p.first : p.stop] for p in batch])
        decoded = codec.decode(codes).float().cpu().numpy()
        for piece, samples in zip(batch, decoded, strict=True):
            kept = slice((piece.start - piece.first) * hop, (piece.end - piece.first) * hop)
            sounds[piece] = samples[kept]
    if on_progress is not None:
        on_progress("waveform", len(pieces), len(pieces))
    return [
        Waveform(
            samples=np.concatenate([sounds[p] for p in pieces if p.turn == turn]),
            sample_rate_hz=codec.sample_rate_hz,
        )
        for turn in range(len(acoustic))
    ]


def _check(tokens: AcousticTokens, codec: Codec, where: str) -> None:
    if tokens.frame_rate_hz != codec.frame_rate_hz:
        raise ShapeError(
            f"{where}: codes at {tokens.frame_rate_hz:g} frames a second for a codec at "
            f"{codec.frame_rate_hz:g}; use the codec that made them"
        )
    codes = tokens.codes
    if codes.ndim != 2 or codes.shape[0] != codec.n_levels or codes.shape[1] == 0:
        raise ShapeError(
            f"{where}: codes of shape {tuple(codes.shape)}; the codec needs "
            f"({codec.n_levels}, T) with at least one frame"
        )
    low, high = int(codes.min()), int(codes.max())
    if low < 0 or high >= codec.n_codes:
        raise ShapeError(
            f"{where}: codes from {low} to {high}; the codec knows 0 to {codec.n_codes - 1}"
        )


def _split(turn: int, n_frames: int, chunk_frames: int, context_frames: int) -> list[_Piece]:
    return [
        _Piece(
            turn=turn,
            first=max(0, start - context_frames),
            start=start,
            end=min(start + chunk_frames, n_frames),
            stop=min(start + chunk_frames + context_frames, n_frames),
        )
        for start in range(0, n_frames, chunk_frames)
    ]


def _batches(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Pieces of equal length together: padding would change how a turn ends."""
    batches: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda p: p.stop - p.first):
        n_frames = piece.stop - piece.first
        last = batches[-1] if batches else []
        fits = last and last[0].stop - last[0].first == n_frames >= SHORTEST_TOGETHER
        if fits and (len(last) + 1) * n_frames <= BATCH_FRAMES:
            last.append(piece)
        else:
            batches.append([piece])
    return batches
