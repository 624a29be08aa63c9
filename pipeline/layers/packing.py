"""Rows of any lengths end to end, each behind a cached prefix.

Nothing but attention knows of rows, and next to nothing is padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.layers.attention import PrefixCache, attend, convolve_frames, hide_outside
from pipeline.layers.rotary import apply_rotary


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
        # places that a row takes, and its prefix
        shapes = [
            (-(-(length + 2 * margin) // step) * step, n_prefix)
            for length, n_prefix in zip(lengths, prefixes, strict=True)
        ]
        self.margin, self.lengths = margin, list(lengths)
        self.spans: list[RowSpan] = []
        start = 0
        # rows alike in both lie side by side, in a span
        for shape in sorted(set(shapes)):
            rows = tuple(row for row, own in enumerate(shapes) if own == shape)
            span = RowSpan(start=start, rows=rows, n_packed=shape[0], n_prefix=shape[1])
            self.spans.append(span)
            start = span.stop
        self.n_packed = start
        # where the frames of each row begin, behind its margin
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
    """Packed rows behind cached prefixes, read by one block.

    Args:
        packing: where the rows lie.
        caches: of each row's prefix, for this block.
        inside: (n_packed,) bool, true where a row has a frame.
        tables: rotary tables of all packed frames, each at its place behind its own prefix.
    """

    def __init__(
        self,
        packing: RowPacking,
        caches: Sequence[PrefixCache],
        inside: Tensor,
        tables: tuple[Tensor, Tensor],
    ) -> None:
        self.packing, self.inside, self.tables = packing, inside[:, None], tables
        tail = caches[0].tail
        # what stands before each row is the end of its prefix, after it zeros: (n_packed, D)
        self._beside = tail.new_zeros(packing.n_packed, tail.shape[-1])
        for cache, first in zip(caches, packing.first, strict=True):
            self._beside[first - packing.margin : first] = cache.tail
        self._spans = [
            (span, *_buffers(span, caches), _row_bias(span, inside, tail.dtype))
            for span in packing.spans
        ]

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Every frame sees its prefix and the frames of its row."""
        queries, keys = apply_rotary(queries, *self.tables), apply_rotary(keys, *self.tables)
        H, Dh = queries.shape[1], queries.shape[3]
        mixed = []
        for span, all_keys, all_values, bias in self._spans:
            # this span's rows as a batch: (H, rows, n_packed of a row, Dh)
            place = (slice(None), slice(span.start, span.stop))
            shape = (H, len(span.rows), span.n_packed, Dh)
            # those of the prefix stand there already
            all_keys[:, :, span.n_prefix :] = keys[0][place].view(shape)
            all_values[:, :, span.n_prefix :] = values[0][place].reshape(shape)
            mixed.append(attend(queries[0][place].view(shape), all_keys, all_values, bias))
        # end to end again: (1, H, n_packed, Dh)
        return torch.cat([each.flatten(1, 2) for each in mixed], dim=1)[None]

    def convolve(self, x: Tensor, depthwise: nn.Conv2d) -> Tensor:
        """A row's first frames see the last ones of its prefix, its last ones nothing beyond."""
        return convolve_frames(torch.where(self.inside, x, self._beside), depthwise)


def _buffers(span: RowSpan, caches: Sequence[PrefixCache]) -> tuple[Tensor, Tensor]:
    """Keys and values (H, rows, P + n_packed, Dh), the prefixes' filled in."""
    filled = []
    for name in ("keys", "values"):
        prefixes = torch.stack([getattr(caches[row], name) for row in span.rows], dim=1)
        filled.append(F.pad(prefixes, (0, 0, 0, span.n_packed)))
    return filled[0], filled[1]


def _row_bias(span: RowSpan, inside: Tensor, dtype: torch.dtype) -> Tensor:
    """What to add to the scores: (1, rows, 1, P + n_packed)."""
    places = inside[span.start : span.stop].view(1, len(span.rows), 1, span.n_packed)
    return F.pad(hide_outside(places).to(dtype), (span.n_prefix, 0))
