"""Reads off a text sequence which characters are to be spoken, in which piece, and when about.

[S2] What time is it? [S1] [pace] Almost nine. [S2] [pace] Then we must go.
     context                      piece 0                  piece 1
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.config import TextToSemanticConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout:
    """What each id of a batch of text sequences is for.

    Attributes:
        spoken: (B, L) bool; True: a character to be spoken. Context, markers and padding are not.
        pieces: (B, L) int64; for spoken characters, which piece of the sequence they belong to.
        pace_bins: (B, L) int64; for spoken characters, their piece's pace.
        expected_frames: (B, L) float32; semantic ids each character should take (0: not spoken).
        starts: (B, L) float32; where each character's speech should start, in semantic ids.
            Context counts backwards from 0, as if it had been spoken before.
    """

    spoken: Tensor
    pieces: Tensor
    pace_bins: Tensor
    expected_frames: Tensor
    starts: Tensor

    def piece_frames(self, row: int, n_pieces: int) -> Tensor:
        """Expected semantic ids (n_pieces,) float32 of each piece of a row."""
        spoken = self.spoken[row]
        totals = torch.zeros(n_pieces, device=spoken.device)
        return totals.index_add(0, self.pieces[row][spoken], self.expected_frames[row][spoken])


def pace_of_bin(pace_bins: Tensor, n_pace_bins: int) -> Tensor:
    """Relative speaking rate at the middle of each bin: the bins span 0.5 to 2.0 in equal ratios.

    Args:
        pace_bins: (...) int64 in [0, n_pace_bins).
        n_pace_bins: how many there are; the middle one is pace 1.0.

    Returns:
        (...) float32 in [0.5, 2.0].
    """
    middle = (n_pace_bins - 1) / 2
    return torch.exp2((pace_bins.to(torch.float32) - middle) / middle)


def read_layout(text_ids: Tensor, valid: Tensor, config: TextToSemanticConfig) -> TextLayout:
    """Tell spoken characters from context by the markers among the ids.

    A pace token opens a piece; the next speaker marker, or padding, closes it.

    Args:
        text_ids: (B, L) int64 in [0, n_text_ids).
        valid: (B, L) bool; False is padding.
        config: where the markers stand in the alphabet, and the expected speaking rate.
    """
    B, L = text_ids.shape
    speaker_bin = text_ids - config.first_speaker_id
    pace_bin = text_ids - config.first_pace_id
    is_speaker = valid & (speaker_bin >= 0) & (speaker_bin < config.n_speakers)
    is_pace = valid & (pace_bin >= 0) & (pace_bin < config.n_pace_bins)
    order = torch.arange(1, L + 1, device=text_ids.device).expand(B, L)
    last_pace = (order * is_pace).cummax(dim=1).values
    last_speaker = (order * is_speaker).cummax(dim=1).values
    spoken = valid & (last_pace > last_speaker) & ~is_pace
    pieces = (is_pace.cumsum(dim=1) - 1).clamp(min=0)
    bins = pace_bin.gather(1, (last_pace - 1).clamp(min=0)).clamp(0, config.n_pace_bins - 1)
    frames = config.frames_per_character / pace_of_bin(bins, config.n_pace_bins)
    expected = torch.where(spoken, frames, torch.zeros_like(frames))
    starts = expected.cumsum(dim=1) - expected
    before = valid & (order < _first(spoken, order)[:, None])
    context = torch.where(before, config.frames_per_character, 0.0)
    starts = starts - (context.sum(dim=1, keepdim=True) - context.cumsum(dim=1) + context) * before
    return TextLayout(
        spoken=spoken, pieces=pieces, pace_bins=bins, expected_frames=expected, starts=starts
    )


def _first(spoken: Tensor, order: Tensor) -> Tensor:
    """Order (B,) of the first spoken character, or beyond the end."""
    beyond = torch.full_like(order, order.shape[1] + 1)
    return torch.where(spoken, order, beyond).min(dim=1).values
