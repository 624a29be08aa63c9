"""Stage 4 of 6, how decoding reads: prompts once, windows packed end to end at every pass.

Prompts see only themselves (`SoundStorm.forward`), so what the blocks make of them does not change
while codes are filled in: it is computed once for every set of prompts and cached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pipeline.layers.attention import CachedPrefix, PrefixCache
from pipeline.layers.packing import PackedRows, RowPacking
from pipeline.layers.rotary import rotary_tables_at
from pipeline.semantic_to_acoustic.model import PackedBlocks, SoundStorm
from pipeline.semantic_to_acoustic.sequence import FrameSequence

MOST_PREFIXES = 16
"""Prefixes that are kept from script to script; the shipped size needs 2 MB for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """What is cached of the prompts and gaps before a window.

    Attributes:
        caches: of each block.
        voices: (n_slots + 1, D) float32, as `SoundStorm.voices` gives them.
        n_frames: P, how long it is.
    """

    caches: tuple[PrefixCache, ...]
    voices: Tensor
    n_frames: int


def read_prefix(network: SoundStorm, sequence: FrameSequence, table: Tensor) -> Prefix:
    """Read what stands before a window.

    Args:
        network: in eval mode.
        sequence: its frames before `window_start` are read.
        table: of `SoundStorm.code_table`.
    """
    config, P = network.config, sequence.window_start
    if P == 0:
        return _nothing_before(network)
    device = table.device
    semantic_ids = sequence.semantic_ids[None, :P].to(device)
    slots = sequence.slots[None, :P].to(device)
    codes = sequence.codes[None, :, :P].to(device)
    # embed as `SoundStorm.forward` does, the prefix alone: (1, P, D)
    code_sums = network.sum_codes(codes, table)
    voices = network.voices(code_sums, codes, slots, torch.ones_like(slots, dtype=torch.bool))
    x = code_sums + network.embed_conditions(semantic_ids, slots) + voices[0][slots]
    # run the blocks; each leaves keys, values and a tail behind
    frame_masks = [CachedPrefix(P, config.head_dim, device) for _ in network.blocks]
    network.transform(x, frame_masks)
    caches = tuple(frame_mask.cache for frame_mask in frame_masks)
    return Prefix(caches=caches, voices=voices[0], n_frames=P)


def read_prefixes(
    network: SoundStorm, sequences: Sequence[FrameSequence], table: Tensor
) -> list[Prefix]:
    """The prefix of each sequence; equal ones are read once, by an engine once for all scripts."""
    kept: dict[bytes, Any] = {} if network.engine is None else network.engine.prefixes
    prefixes = []
    for sequence in sequences:
        P = sequence.window_start
        parts = (sequence.semantic_ids[:P], sequence.slots[:P], sequence.codes[:, :P])
        # the same tokens, the same prefix
        key = b"".join(part.contiguous().numpy().tobytes() for part in parts)
        prefix = kept.pop(key, None) or read_prefix(network, sequence, table)
        kept[key] = prefix  # the last one used is the last to go
        prefixes.append(prefix)
    while len(kept) > MOST_PREFIXES:
        del kept[next(iter(kept))]
    return prefixes


class WindowReader:
    """Reads the windows of a batch, again and again as their codes are filled in.

    Args:
        network: in eval mode.
        table: of `SoundStorm.code_table`.
        sequences: the windows.
        prefixes: what stands before each; `None`: nothing, whatever the sequences say.
    """

    def __init__(
        self,
        network: SoundStorm,
        table: Tensor,
        sequences: Sequence[FrameSequence],
        prefixes: Sequence[Prefix] | None,
    ) -> None:
        self.network, self.table = network, table
        if prefixes is None:
            prefixes = [_nothing_before(network)] * len(sequences)
        lengths = [sequence.n_frames - sequence.window_start for sequence in sequences]
        margin = network.config.conv_kernel // 2
        self.packing = RowPacking(lengths, [prefix.n_frames for prefix in prefixes], margin)
        self._conditions = self._embed_conditions(sequences, prefixes)
        self._rows = self._get_ready(prefixes)

    def states(self, codes: Tensor) -> Tensor:
        """One pass over packed codes (Q, n_packed) int64: (n_packed, D)."""
        # only codes change from pass to pass: (1, n_packed, D)
        x = self.network.sum_codes(codes[None], self.table) + self._conditions
        return self._rows.transform(x)[0]

    def pack(self, rows: Sequence[Tensor]) -> Tensor:
        """Pack rows (..., T), one for each window, on the network's device."""
        return self.packing.pack(rows).to(self.table.device)

    def _embed_conditions(
        self, sequences: Sequence[FrameSequence], prefixes: Sequence[Prefix]
    ) -> Tensor:
        semantic_ids = self.pack([s.semantic_ids[s.window_start :] for s in sequences])
        slots = self.pack([s.slots[s.window_start :] for s in sequences])
        conditions = self.network.embed_conditions(semantic_ids, slots)
        # add to each row's frames the voices of its own prefix, in place: views of (D, T)
        for row, prefix in enumerate(prefixes):
            self.packing.row(conditions.T, row).add_(prefix.voices[self.packing.row(slots, row)].T)
        return conditions

    def _get_ready(self, prefixes: Sequence[Prefix]) -> PackedBlocks:
        caches = [prefix.caches for prefix in prefixes]
        if self.network.engine is not None:
            return self.network.engine.rows(self.packing, caches)
        return _TorchBlocks(self.network, self.packing, prefixes)


class _TorchBlocks:
    """The network's own blocks, reading packed windows behind their prefixes."""

    def __init__(
        self, network: SoundStorm, packing: RowPacking, prefixes: Sequence[Prefix]
    ) -> None:
        device, dtype = network.codebooks.device, prefixes[0].caches[0].keys.dtype
        self._network = network
        # positions go on where the prefix ends
        rows = [
            torch.arange(prefix.n_frames, prefix.n_frames + length)
            for prefix, length in zip(prefixes, packing.lengths, strict=True)
        ]
        inside = packing.pack([torch.ones(length, dtype=torch.bool) for length in packing.lengths])
        cos, sin = rotary_tables_at(packing.pack(rows).to(device), network.config.head_dim)
        tables = (cos.to(dtype), sin.to(dtype))
        self._frame_masks = [
            PackedRows(packing, caches, inside.to(device), tables)
            for caches in zip(*(prefix.caches for prefix in prefixes), strict=True)
        ]

    def transform(self, x: Tensor) -> Tensor:
        return self._network.transform(x, self._frame_masks)


def _nothing_before(network: SoundStorm) -> Prefix:
    config, weight = network.config, network.norm.weight
    keys = weight.new_zeros(config.n_heads, 0, config.head_dim)
    tail = weight.new_zeros(config.conv_kernel // 2, config.dim)
    cache = PrefixCache(keys=keys, values=keys, tail=tail)
    voices = torch.zeros(config.n_slots + 1, config.dim, device=weight.device)
    return Prefix(caches=(cache,) * config.n_layers, voices=voices, n_frames=0)
