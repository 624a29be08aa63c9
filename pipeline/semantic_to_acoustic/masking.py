"""Stage 4 of 6, what is hidden: the pure tensor rules that training and generation share.

Of the frames that are not given, at level q some are hidden, below q none, above q all
(SoundStorm section 3.2, arXiv 2305.09636):

    level      given frames   other frames
    above q    visible        hidden
    q          visible        hidden where drawn
    below q    visible        visible
"""

import math

import torch
from torch import Tensor


def n_hidden_after(n_to_predict: int, n_done: int, n_iterations: int) -> int:
    """How many codes stay hidden after some iterations of a level: a cosine down to zero.

    Args:
        n_to_predict: codes hidden at the level's start.
        n_done: iterations done, in [0, n_iterations].
        n_iterations: iterations of the level.
    """
    if n_done >= n_iterations:
        return 0
    return math.floor(n_to_predict * math.cos(0.5 * math.pi * n_done / n_iterations))


def draw_hidden(given: Tensor, ratio: float, rng: torch.Generator) -> Tensor:
    """Choose the frames whose code at the level in question is hidden.

    Args:
        given: (T,) bool, frames never hidden; not all of them.
        ratio: probability that one of the others is hidden.
        rng: CPU generator.

    Returns:
        (T,) bool, at least one true, none of them given.
    """
    assert not bool(given.all()), "nothing is left to hide"
    # 2.0 is above every ratio: given frames stay visible
    draws = torch.rand(given.shape, generator=rng).masked_fill_(given, 2.0)
    hidden = draws < ratio
    # one at least
    hidden[draws.argmin()] = True
    return hidden


def hide_codes(
    codes: Tensor, level: Tensor, hidden: Tensor, given: Tensor, hidden_code: int
) -> Tensor:
    """Replace what the network may not see.

    Args:
        codes: (B, Q, T) int64.
        level: (B,) int64 in [0, Q), the level to predict in each row.
        hidden: (B, T) bool, frames hidden at that level.
        given: (B, T) bool, frames visible at every level.
        hidden_code: the id that stands for "not known".

    Returns:
        (B, Q, T) int64; `codes` itself is unchanged.
    """
    Q = codes.shape[1]
    levels = torch.arange(Q, device=codes.device)[None, :, None]
    # (1, Q, 1) against (B, 1, 1) → (B, Q, 1)
    at, above = levels == level[:, None, None], levels > level[:, None, None]
    unseen = (at & hidden[:, None]) | (above & ~given[:, None])
    return codes.masked_fill(unseen, hidden_code)
