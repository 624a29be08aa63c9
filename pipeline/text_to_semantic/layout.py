"""Reads off a text sequence which characters are to be spoken, in which piece, and when about.

The sequence `[S2] What time is it? [S1] [pace] Almost nine. [S2] [pace] Then we must go.` has a
context turn and two pieces.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.config.networks import TextToSemanticConfig

NO_PIECE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout:
    """What each id of a batch of text sequences is for.

    Attributes:
        spoken: (B, L) bool; True: a character to be spoken. Context, markers and padding are not.
        pieces: (B, L) int64; the piece a spoken character belongs to, `NO_PIECE` elsewhere.
        pace_bins: (B, L) int64; for spoken characters, their piece's pace.
        timed: (B, L) bool; what takes time: spoken characters, and the pace token before each
            piece, which stands for the silence there.
        starts: (B, L) float32; where each timed one should start, in semantic ids, going by the
            corpus's averages. Context counts backwards from 0, as if it had been spoken before.
    """

    spoken: Tensor
    pieces: Tensor
    pace_bins: Tensor
    timed: Tensor
    starts: Tensor

    def keep(self, rows: Tensor) -> "TextLayout":
        """Only the given rows (R,) int64 of the batch."""
        return TextLayout(
            spoken=self.spoken[rows],
            pieces=self.pieces[rows],
            pace_bins=self.pace_bins[rows],
            timed=self.timed[rows],
            starts=self.starts[rows],
        )


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
        config: where the markers stand in the alphabet, and the expected durations.
    """
    B, L = text_ids.shape
    # markers are two ranges of the alphabet: (B, L)
    speaker_bins = text_ids - config.first_speaker_id
    pace_bins = text_ids - config.first_pace_id
    is_speaker = valid & (speaker_bins >= 0) & (speaker_bins < config.n_speakers)
    is_pace = valid & (pace_bins >= 0) & (pace_bins < config.n_pace_bins)
    # the last marker of each kind up to every id, counted from 1; 0: none yet
    order = torch.arange(1, L + 1, device=text_ids.device).expand(B, L)
    last_pace = (order * is_pace).cummax(dim=1).values
    last_speaker = (order * is_speaker).cummax(dim=1).values
    # spoken is what follows a pace token, up to the next speaker marker
    spoken = valid & (last_pace > last_speaker) & ~is_pace
    # pace token number n, from 0, opens piece n
    pieces = torch.where(spoken, is_pace.cumsum(dim=1) - 1, NO_PIECE)
    # every id has the pace of the last pace token before it
    pace_bins = pace_bins.gather(1, (last_pace - 1).clamp(min=0)).clamp(0, config.n_pace_bins - 1)
    durations = _expected_frames(spoken, is_pace, pace_bins, config)
    # context is all before the first pace token
    is_context = valid & (order < _first_order(is_pace, order))
    context = config.frames_per_character * is_context
    # an id starts when all before it have sounded; context ends at 0
    starts = durations.cumsum(dim=1) - durations
    starts = starts - is_context * context.flip(1).cumsum(dim=1).flip(1)
    return TextLayout(
        spoken=spoken,
        pieces=pieces,
        pace_bins=pace_bins,
        timed=spoken | is_pace,
        starts=starts,
    )


def starts_from(durations: Tensor, layout: TextLayout) -> Tensor:
    """Where each id of the text starts, in semantic ids, if timed ones last as given.

    Args:
        durations: (B, L) float32; only those of timed ids count.
        layout: tells what is timed; context keeps its place.

    Returns:
        (B, L) float32.
    """
    durations = durations * layout.timed
    starts = durations.cumsum(dim=1) - durations
    return torch.where(layout.starts < 0, layout.starts, starts)


def expected_piece_frames(layout: TextLayout, row: int, config: TextToSemanticConfig) -> Tensor:
    """How many semantic ids each piece should take.

    Args:
        layout: of a batch.
        row: which sequence of it.
        config: the expected durations.

    Returns:
        (n_pieces,) float32; a piece without a character takes 0.
    """
    spoken = layout.spoken[row]
    pieces = layout.pieces[row][spoken]
    paces = pace_of_bin(layout.pace_bins[row][spoken], config.n_pace_bins)
    n_pieces = int(pieces.max()) + 1 if len(pieces) else 0
    # sum over the characters of each piece: (n_pieces,)
    frames = torch.zeros(n_pieces, device=spoken.device)
    frames.index_add_(0, pieces, config.frames_per_character / paces)
    # a piece's edges were added once for each of its characters: take the mean
    n_characters = torch.bincount(pieces, minlength=n_pieces).clamp(min=1)
    edges = torch.zeros_like(frames).index_add_(0, pieces, config.edge_frames / paces)
    return frames + edges / n_characters


def _expected_frames(
    spoken: Tensor, is_pace: Tensor, pace_bins: Tensor, config: TextToSemanticConfig
) -> Tensor:
    """Each character's duration; a pace token stands for the silence between its neighbours."""
    pace = pace_of_bin(pace_bins, config.n_pace_bins)
    # two pieces meet at every pace token but the first
    edge = torch.where(is_pace.cumsum(dim=1) > 1, config.edge_frames, config.edge_frames / 2)
    return (spoken * config.frames_per_character + is_pace * edge) / pace


def _first_order(chosen: Tensor, order: Tensor) -> Tensor:
    """Order (B, 1) of the first chosen position, or beyond the end."""
    beyond = torch.full_like(order, order.shape[1] + 1)
    return torch.where(chosen, order, beyond).min(dim=1, keepdim=True).values
