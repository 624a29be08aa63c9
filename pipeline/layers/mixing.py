"""How the frames of a batch see each other: what a Conformer block asks when it mixes frames.

Frames may stand behind a *prefix*: frames that see only each other, whatever follows them. What a
block makes of a prefix is the same in every pass, so it is computed once and remembered.
`WholeSequences` reads prefix and rest together, as training does; `RememberedPrefix` reads a prefix
and keeps what is needed of it; `PackedRows` reads what follows remembered prefixes, rows of any
lengths end to end, so that nothing but attention knows of rows and next to nothing is padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.layers.rotary import apply_rotary, rotary_tables_at

LONGEST_PLAIN_ATTENTION = 1024
"""Up to here a CPU is faster with the T × T scores written out (twice, at 500 in bfloat16)."""


class Mixing(Protocol):
    """What one block needs to know of the frames it reads."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Mix values (B, H, T, Dh) by attention, positions included: (B, H, T, Dh)."""

    def convolve(self, x: Tensor, depthwise: nn.Conv2d) -> Tensor:
        """Mix neighbouring frames of (B, T, D), channel by channel: (B, T, D)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockMemory:
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
        inside = self.prefix[..., None]
        return torch.where(inside, convolve_frames(x * inside, depthwise), mixed)


class RememberedPrefix(WholeSequences):
    """One prefix (1, P), read by one block; `memory` gives what is to be kept of it."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """As for any sequence."""
        self._keys, self._values = apply_rotary(keys, *self.tables)[0], values[0]
        return super().attend(queries, keys, values)

    def convolve(self, x: Tensor, depthwise: nn.Conv2d) -> Tensor:
        """As for any sequence."""
        n_tail = depthwise.kernel_size[1] // 2
        self._tail = F.pad(x[0], (0, 0, n_tail, 0))[-n_tail:] if n_tail else x[0, :0]
        return super().convolve(x, depthwise)

    @property
    def memory(self) -> BlockMemory:
        """What the block keeps; once it has read the prefix."""
        return BlockMemory(
            keys=self._keys.contiguous(), values=self._values.contiguous(), tail=self._tail
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSpan:
    """Packed rows of one shape, side by side.

    Attributes:
        start: first packed frame.
        rows: which rows they are.
        n_packed: packed frames of one row, room for its neighbours included.
        n_prefix: P of each of them.
    """

    start: int
    rows: tuple[int, ...]
    n_packed: int
    n_prefix: int

    @property
    def stop(self) -> int:
        """One past the last packed frame."""
        return self.start + len(self.rows) * self.n_packed


class RowPacking:
    """Where the frames of rows lie when they are packed end to end.

    A row keeps `margin` places free before and after its frames, for what its convolution sees
    there, and is filled up to a multiple of `step`: rows of few lengths are attended to together,
    and what comes out of a row does not depend on the rows beside it, bit for bit.

    Args:
        lengths: frames of each row, all at least 1.
        prefixes: frames of the prefix of each row.
        margin: half the convolution's kernel.
        step: rows take a multiple of this.
    """

    def __init__(
        self, lengths: Sequence[int], prefixes: Sequence[int], margin: int, step: int = 64
    ) -> None:
        shapes = [
            (-(-(length + 2 * margin) // step) * step, n_prefix)
            for length, n_prefix in zip(lengths, prefixes, strict=True)
        ]
        self.margin, self.lengths = margin, list(lengths)
        self.spans: list[RowSpan] = []
        start = 0
        for shape in sorted(set(shapes)):
            rows = tuple(row for row, own in enumerate(shapes) if own == shape)
            span = RowSpan(start=start, rows=rows, n_packed=shape[0], n_prefix=shape[1])
            self.spans.append(span)
            start = span.stop
        self.n_packed = start
        self.first = [0] * len(shapes)
        for span in self.spans:
            for number, row in enumerate(span.rows):
                self.first[row] = span.start + number * span.n_packed + margin

    def pack(self, rows: Sequence[Tensor], filler: int | bool = 0) -> Tensor:
        """Lay rows (..., T) of each own length end to end: (..., n_packed)."""
        packed = rows[0].new_full((*rows[0].shape[:-1], self.n_packed), filler)
        for row, first in zip(rows, self.first, strict=True):
            packed[..., first : first + row.shape[-1]] = row
        return packed

    def inside_row(self, row: int) -> Tensor:
        """Which places of one row's own stretch hold its frames: (its n_packed,) bool."""
        (span,) = (span for span in self.spans if row in span.rows)
        places = torch.arange(span.n_packed) - self.margin
        return (places >= 0) & (places < self.lengths[row])

    def row(self, packed: Tensor, row: int) -> Tensor:
        """One row (..., T) of what was packed (..., n_packed)."""
        return packed[..., self.first[row] : self.first[row] + self.lengths[row]]


class PackedRows:
    """Packed rows behind remembered prefixes, read by one block.

    Args:
        packing: where the rows lie.
        memories: of each row's prefix, for this block.
        inside: (n_packed,) bool, true where a row has a frame.
        tables: rotary tables of all packed frames, each at its place behind its own prefix.
    """

    def __init__(
        self,
        packing: RowPacking,
        memories: Sequence[BlockMemory],
        inside: Tensor,
        tables: tuple[Tensor, Tensor],
    ) -> None:
        self.packing, self.inside, self.tables = packing, inside[:, None], tables
        tail = memories[0].tail
        self._beside = tail.new_zeros(packing.n_packed, tail.shape[-1])
        for memory, first in zip(memories, packing.first, strict=True):
            self._beside[first - packing.margin : first] = memory.tail
        self._spans = [
            (span, *_buffers(span, memories), _row_bias(span, inside, tail.dtype))
            for span in packing.spans
        ]

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Every frame sees its prefix and the frames of its row."""
        queries, keys = apply_rotary(queries, *self.tables), apply_rotary(keys, *self.tables)
        H, Dh = queries.shape[1], queries.shape[3]
        mixed = []
        for span, all_keys, all_values, bias in self._spans:
            place = (slice(None), slice(span.start, span.stop))
            shape = (H, len(span.rows), span.n_packed, Dh)
            all_keys[:, :, span.n_prefix :] = keys[0][place].view(shape)
            all_values[:, :, span.n_prefix :] = values[0][place].reshape(shape)
            mixed.append(attend(queries[0][place].view(shape), all_keys, all_values, bias))
        return torch.cat([each.flatten(1, 2) for each in mixed], dim=1)[None]

    def convolve(self, x: Tensor, depthwise: nn.Conv2d) -> Tensor:
        """A row's first frames see the last ones of its prefix, its last ones nothing beyond."""
        return convolve_frames(torch.where(self.inside, x, self._beside), depthwise)


def attend(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    """Softmax attention over (..., T, Dh); `bias` is added to the scores (..., T, M)."""
    T, Dh = queries.shape[-2:]
    if queries.device.type != "cpu" or max(T, keys.shape[-2]) > LONGEST_PLAIN_ATTENTION:
        return F.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
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
    if valid is not None:
        hidden = ~valid[:, None, None, :]
    if prefix is not None:
        hidden = hidden | (prefix[:, None, :, None] & ~prefix[:, None, None, :])
    return hide_outside(~hidden)


def hide_outside(seen: Tensor) -> Tensor:
    """What to add to attention scores, float32: nothing where `seen`, much less elsewhere."""
    return torch.zeros(seen.shape, device=seen.device).masked_fill_(~seen, -1e30)


def _buffers(span: RowSpan, memories: Sequence[BlockMemory]) -> tuple[Tensor, Tensor]:
    """Keys and values (H, rows, P + n_packed, Dh), the prefixes' filled in."""
    filled = []
    for name in ("keys", "values"):
        prefixes = torch.stack([getattr(memories[row], name) for row in span.rows], dim=1)
        filled.append(F.pad(prefixes, (0, 0, 0, span.n_packed)))
    return filled[0], filled[1]


def _row_bias(span: RowSpan, inside: Tensor, dtype: torch.dtype) -> Tensor:
    """What to add to the scores: (1, rows, 1, P + n_packed)."""
    places = inside[span.start : span.stop].view(1, len(span.rows), 1, span.n_packed)
    return F.pad(hide_outside(places).to(dtype), (span.n_prefix, 0))
