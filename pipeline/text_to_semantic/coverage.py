"""Follows the guided heads along the text: what is spoken, what was skipped, what came twice."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.text_to_semantic.layout import TextLayout

COVERED_MASS = 0.3
"""A character counts as spoken if it, or one beside it, held this much attention in all."""
NEIGHBOURHOOD = 5
"""How many characters, itself in the middle, can stand for one: letters are silent or merge."""
END_MARGIN = 2
"""Characters before a piece's last one that count as its end."""
BACKWARD_MARGIN = 4
"""Characters the attention may fall behind the furthest one before it counts as going back."""


class TextCoverage:
    """Where C candidates of each of B sequences are in their text.

    Args:
        layout: of the B texts.
        n_candidates: C.
        n_pieces: (B,) int64; pieces of each sequence.
    """

    def __init__(self, layout: TextLayout, n_candidates: int, n_pieces: Tensor) -> None:
        B, L = layout.spoken.shape
        C, device = n_candidates, layout.spoken.device
        self._spoken, self._pieces = layout.spoken, layout.pieces
        places = torch.arange(L, device=device)
        owner = torch.arange(int(n_pieces.max()), device=device)[None, :, None]
        # which character is in which piece, (B, pieces, L); its first and last one, (B, pieces)
        belongs = layout.pieces[:, None] == owner
        self._first = torch.where(belongs, places, L).min(dim=2).values
        self._last = torch.where(belongs, places, -1).max(dim=2).values
        self._mass = torch.zeros(B, C, L, device=device)
        self._furthest = torch.zeros(B, C, dtype=torch.int64, device=device)
        self._n_backward = torch.zeros(B, C, device=device)
        self._n_steps = torch.zeros(B, C, device=device)
        self.n_at_end = torch.zeros(B, C, dtype=torch.int64, device=device)

    def keep(self, rows: Tensor) -> None:
        """Keep only the given sequences (R,) int64."""
        for name, value in vars(self).items():
            setattr(self, name, value[rows])

    def advance(self, attention: Tensor, piece: Tensor, speaking: Tensor) -> None:
        """Take note of one step.

        Args:
            attention: (B, C, L) float32 over the text, of the guided heads.
            piece: (B, C) int64; the piece being spoken.
            speaking: (B, C) bool; False: this candidate is finished and stays as it is.
        """
        # attention to other pieces does not count: (B, C, L)
        own = attention * (self._pieces[:, None] == piece[..., None])
        first, last = self._first.gather(1, piece), self._last.gather(1, piece)
        # the character most attended to: (B, C)
        place = own.argmax(dim=2).maximum(first)
        self._furthest = torch.where(speaking, self._furthest.maximum(place), self._furthest)
        # well behind the furthest one so far
        backward = speaking & (place < self._furthest - BACKWARD_MARGIN)
        self._mass += own * speaking[..., None]
        self._n_backward += backward
        self._n_steps += speaking
        # steps in a row on the last character of the piece
        at_end = (place >= last) & speaking
        self.n_at_end = torch.where(at_end, self.n_at_end + 1, self.n_at_end * ~speaking)

    def has_reached_end(self, piece: Tensor) -> Tensor:
        """Whether the attention has been at the end of the piece (B, C) int64: (B, C) bool."""
        return self._furthest >= self._last.gather(1, piece) - END_MARGIN

    def covered_share(self) -> Tensor:
        """Share of the characters to be spoken that were attended to: (B, C) float32 in [0, 1]."""
        # the most that a character or one beside it held: (B, C, L)
        held = F.max_pool1d(self._mass, NEIGHBOURHOOD, stride=1, padding=NEIGHBOURHOOD // 2)
        covered = (held >= COVERED_MASS) & self._spoken[:, None]
        return covered.sum(dim=2) / self._spoken.sum(dim=1, keepdim=True)

    def backward_share(self) -> Tensor:
        """Share of the steps in which the attention was back at earlier text: (B, C) float32."""
        return self._n_backward / self._n_steps.clamp(min=1)
