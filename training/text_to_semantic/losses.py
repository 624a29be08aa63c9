"""What text-to-semantic learns besides the ids: where to attend, and how long characters last."""

import torch
from torch import Tensor

from pipeline.text_to_semantic.layout import TextLayout
from training.text_to_semantic.data import Batch


def guidance_cost(attention: Tensor, layout: TextLayout, batch: Batch, width: float) -> Tensor:
    """Share of attention that strays from the characters being said.

    After guided attention (arXiv 1710.08969, section 4.1), with each character's own time for the
    diagonal.

    Args:
        attention: (B, heads, S, L) float32, sums to 1 over L.
        layout: of the texts; tells the characters of each piece.
        batch: tells the time of each character and the pieces of each position.
        width: of the Gaussian around a character's middle that costs nothing, in semantic ids.

    Returns:
        0-d float32 in [0, 1].
    """
    middles = batch.durations.cumsum(dim=1) - 0.5 * batch.durations
    positions = torch.arange(attention.shape[2], device=attention.device) + 0.5
    off = (middles[:, None] - positions[:, None]) / torch.maximum(
        batch.durations[:, None] / 2, torch.tensor(width)
    )
    same_piece = layout.pieces[:, None] == batch.frame_pieces[..., None]
    cost = 1.0 - torch.exp(-0.5 * off.square()) * same_piece
    strayed = (attention * cost[:, None]).sum(dim=-1).mean(dim=1)
    return (strayed * batch.said_valid).sum() / batch.said_valid.sum()


def duration_loss(log_durations: Tensor, layout: TextLayout, batch: Batch) -> Tensor:
    """Mean squared error of log(1 + semantic ids) over what takes time; 0-d float32."""
    errors = (log_durations - batch.durations.log1p()).square() * layout.timed
    return errors.sum() / layout.timed.sum().clamp(min=1)
