"""How the frames of a batch see each other: what a Conformer block asks when it mixes frames.

Frames may stand behind a *prefix*: frames that see only each other, whatever follows them. What a
block makes of a prefix is the same in every pass, so it is computed once and cached.
`WholeSequences` reads prefix and rest together, as training does; `CachedPrefix` reads a prefix
and keeps what is needed of it; `PackedRows` of `packing.py` reads what follows cached prefixes.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.layers.rotary import apply_rotary, rotary_tables_at

LONGEST_PLAIN_ATTENTION = 1024
"""Up to here a CPU is faster with the T × T scores written out (twice, at 500 in bfloat16)."""


class FrameMask(Protocol):
    """What one block needs to know of the frames it reads."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Mix values (B, H, T, Dh) by attention, positions included: (B, H, T, Dh)."""

    def convolve(self, x: Tensor, depthwise: nn.Conv2d) -> Tensor:
        """Mix neighbouring frames of (B, T, D), channel by channel: (B, T, D)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixCache:
    """What one block keeps of a prefix.

    Attributes:
        keys, values: (H, P, Dh) of its attention, the keys turned to their positions.
        tail: (K // 2, D), what its convolution of kernel K saw of the last frames.
    """

    keys: Tensor
    values: Tensor
    tail: Tensor


class WholeSequences:
    """Sequences from their first frame on, side by side.

    Args:
        n_frames: T.
        head_dim: channels of one head.
        device: of the frames.
        valid: (B, T) bool, false where a row is padding; `None` if no row is.
        prefix: (B, T) bool, true for frames at the start that see only each other; `None`: none.
    """

    def __init__(
        self,
        n_frames: int,
        head_dim: int,
        device: torch.device,
        valid: Tensor | None = None,
        prefix: Tensor | None = None,
    ) -> None:
        self.tables = rotary_tables_at(torch.arange(n_frames, device=device), head_dim)
        self.valid, self.prefix = valid, prefix
        self._bias = _bias(valid, prefix)

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Every frame sees every valid frame, those of a prefix only the prefix."""
        queries, keys = apply_rotary(queries, *self.tables), apply_rotary(keys, *self.tables)
        bias = None if self._bias is None else self._bias.to(queries.dtype)
        return attend(queries, keys, values, bias)

    def convolve(self, x: Tensor, depthwise: nn.Conv2d) -> Tensor:
        """Frames that are not valid count as zeros; so does what follows, for a prefix."""
        if self.valid is not None:
            x = x * self.valid[..., None]
        mixed = convolve_frames(x, depthwise)
        if self.prefix is None:
            return mixed
        # the prefix once more, as if nothing followed: (B, T, D)
        inside = self.prefix[..., None]
        return torch.where(inside, convolve_frames(x * inside, depthwise), mixed)


class CachedPrefix(WholeSequences):
    """One prefix (1, P), read by one block; `cache` gives what is to be kept of it."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """As for any sequence."""
        self._keys, self._values = apply_rotary(keys, *self.tables)[0], values[0]
        return super().attend(queries, keys, values)

    def convolve(self, x: Tensor, depthwise: nn.Conv2d) -> Tensor:
        """As for any sequence."""
        # the last K // 2 frames, zeros before them if there are fewer
        n_tail = depthwise.kernel_size[1] // 2
        self._tail = F.pad(x[0], (0, 0, n_tail, 0))[-n_tail:] if n_tail else x[0, :0]
        return super().convolve(x, depthwise)

    @property
    def cache(self) -> PrefixCache:
        """What the block keeps; once it has read the prefix."""
        return PrefixCache(
            keys=self._keys.contiguous(), values=self._values.contiguous(), tail=self._tail
        )


def attend(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    """Softmax attention over (..., T, Dh); `bias` is added to the scores (..., T, M)."""
    T, Dh = queries.shape[-2:]
    if queries.device.type != "cpu" or max(T, keys.shape[-2]) > LONGEST_PLAIN_ATTENTION:
        return F.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
    # (..., T, Dh) @ (..., Dh, M) → (..., T, M)
    scores = torch.matmul(queries * Dh**-0.5, keys.transpose(-1, -2))
    if bias is not None:
        scores = scores + bias
    return torch.matmul(_softmax(scores), values)


def convolve_frames(x: Tensor, depthwise: nn.Conv2d) -> Tensor:
    """Convolve (B, T, D) over frames with a kernel (1, K), zeros around."""
    # As a picture one pixel high, (B, T, D) in memory is "channels last": no copy. In float32,
    # whose CPU kernel is four times as fast as bfloat16's.
    with torch.autocast(x.device.type, enabled=False):
        picture = x.to(depthwise.weight.dtype).transpose(1, 2).unsqueeze(2)
        convolved: Tensor = depthwise(picture)
    return convolved.squeeze(2).transpose(1, 2).to(x.dtype)


def _softmax(scores: Tensor) -> Tensor:
    with torch.autocast(scores.device.type, enabled=False):  # stays in the dtype of the scores
        return torch.softmax(scores, dim=-1)


def _bias(valid: Tensor | None, prefix: Tensor | None) -> Tensor | None:
    """What to add to the scores: (B, 1, 1 or T, T) float32; `None` if all see all."""
    if valid is None and prefix is None:
        return None
    hidden = torch.zeros((), dtype=torch.bool)
    # padding is hidden from all: (B, 1, 1, T)
    if valid is not None:
        hidden = ~valid[:, None, None, :]
    # what follows is hidden from the prefix: (B, 1, T, T)
    if prefix is not None:
        hidden = hidden | (prefix[:, None, :, None] & ~prefix[:, None, None, :])
    return hide_outside(~hidden)


def hide_outside(seen: Tensor) -> Tensor:
    """What to add to attention scores, float32: nothing where `seen`, much less elsewhere."""
    return torch.zeros(seen.shape, device=seen.device).masked_fill_(~seen, -1e30)
