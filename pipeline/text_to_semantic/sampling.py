"""Draws one id from logits: temperature, top-k, and a way out of loops."""

import torch
from torch import Tensor


def draw_ids(logits: Tensor, uniforms: Tensor, temperature: float, top_k: int) -> Tensor:
    """Draw an id for each row by inverting the cumulative distribution.

    Numbers are drawn outside, so that a row's ids do not depend on the rows beside it.

    Args:
        logits: (R, V) float32; -inf is never drawn.
        uniforms: (R,) float32 in [0, 1).
        temperature: above 0; below 1 favours what is likely. 0 takes the likeliest.
        top_k: how many of the likeliest ids may be drawn; 0: all.

    Returns:
        (R,) int64.
    """
    if temperature == 0:
        return logits.argmax(dim=-1)
    ranked, ids = logits.topk(min(top_k or logits.shape[-1], logits.shape[-1]), dim=-1)
    reached = (ranked / temperature).softmax(dim=-1).cumsum(dim=-1)
    ranks = (reached <= uniforms[:, None] * reached[:, -1:]).sum(dim=-1, keepdim=True)
    return ids.gather(1, ranks.clamp(max=ids.shape[1] - 1))[:, 0]


def draw_without_loops(
    logits: Tensor,
    uniforms: Tensor,
    recent_ids: Tensor,
    temperature: float,
    top_k: int,
    max_share: float,
) -> Tensor:
    """Draw ids; one that fills too much of the recent past is drawn again from the whole alphabet.

    Repetition-aware sampling of VALL-E 2 (arXiv 2406.05370, section 3.3). Our ids keep their
    repeats, so a share that would be a loop there is a long vowel or a pause here.

    Args:
        logits: (R, V) float32; -inf is never drawn.
        uniforms: (R, 2) float32 in [0, 1): for the draw, and for drawing again.
        recent_ids: (R, W) int64; the last ids of each row.
        temperature: as in `draw_ids`.
        top_k: as in `draw_ids`.
        max_share: of `recent_ids` that an id may fill.

    Returns:
        (R,) int64.
    """
    chosen = draw_ids(logits, uniforms[:, 0], temperature, top_k)
    share = (recent_ids == chosen[:, None]).float().mean(dim=1)
    if temperature == 0 or not bool((share > max_share).any()):
        return chosen
    again = draw_ids(logits, uniforms[:, 1], 1.0, 0)
    return torch.where(share > max_share, again, chosen)
