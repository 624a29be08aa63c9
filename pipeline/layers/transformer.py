"""Pre-norm transformer layers: rotary self-attention, cross-attention, and caches for decoding."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.layers.rotary import apply_rotary

Tables = tuple[Tensor, Tensor]
"""Cosines and sines, as `pipeline.layers.rotary` gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a decoder looks back at, as keys and values of one cross-attention.

    Attributes:
        keys, values: (B, H, M, Dh).
        seen: (B, 1 or H, 1, M) bool; True may be attended to.
    """

    keys: Tensor
    values: Tensor
    seen: Tensor


@dataclass(slots=True, kw_only=True)
class KeyValueCache:
    """Keys and values of the positions decoded so far, in buffers as long as the longest row.

    Attributes:
        keys, values: (B, H, T, Dh) buffers, filled from the left.
    """

    keys: Tensor
    values: Tensor

    def extend(self, position: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write one position (B, H, 1, Dh); give both up to it, (B, H, position + 1, Dh)."""
        self.keys[:, :, position : position + 1] = keys
        self.values[:, :, position : position + 1] = values
        return self.keys[:, :, : position + 1], self.values[:, :, : position + 1]

    def keep(self, rows: Tensor) -> None:
        """Keep only the given rows (R,) int64 of the batch."""
        self.keys, self.values = self.keys[rows], self.values[rows]


FEW_QUERIES = 16


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself, with rotary positions.

    Args:
        dim: D, width of the states.
        n_heads: H; divides D into even parts.
    """

    def __init__(self, dim: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.to_qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.to_states = nn.Linear(dim, dim, bias=False)

    def forward(
        self,
        states: Tensor,
        tables: Tables,
        seen: Tensor | None = None,
        cache: KeyValueCache | None = None,
        position: int = 0,
    ) -> Tensor:
        """Attend.

        Args:
            states: (B, T, D); with a cache T is 1.
            tables: rotary tables of the T positions.
            seen: (B, 1, 1, T) bool, True may be attended to; `None`: causal, or all of the cache.
            cache: earlier positions; this one is added to it.
            position: of the single state, when there is a cache.

        Returns:
            (B, T, D).
        """
        B, T, D = states.shape
        # (B, T, D) → queries, keys, values, each (B, H, T, Dh)
        qkv = self.to_qkv(states).view(B, T, 3, self.n_heads, D // self.n_heads)
        queries, keys, values = qkv.permute(2, 0, 3, 1, 4).unbind()
        queries, keys = apply_rotary(queries, *tables), apply_rotary(keys, *tables)
        # decoding: all positions up to this one, (B, H, position + 1, Dh)
        if cache is not None:
            keys, values = cache.extend(position, keys, values)
        # causal: position t sees 0 to t
        if seen is None and cache is None:
            seen = torch.ones(1, 1, T, T, dtype=torch.bool, device=states.device).tril()
        mixed = _attend(queries, keys, values, seen)
        # heads side by side: (B, H, T, Dh) → (B, T, D)
        attended: Tensor = self.to_states(mixed.transpose(1, 2).reshape(B, T, D))
        return attended


class CrossAttention(nn.Module):
    """Multi-head attention of a decoder to its memory, with rotary positions of both sides.

    Args:
        dim: D, width of the states.
        n_heads: H; divides D into even parts.
    """

    def __init__(self, dim: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.to_queries = nn.Linear(dim, dim, bias=False)
        self.to_keys_values = nn.Linear(dim, 2 * dim, bias=False)
        self.to_states = nn.Linear(dim, dim, bias=False)

    def remember(self, states: Tensor, tables: Tables, seen: Tensor) -> Memory:
        """Project the encoder's states (B, M, D) once for all decoding steps."""
        B, M, D = states.shape
        # (B, M, D) → keys and values, each (B, H, M, Dh)
        both = self.to_keys_values(states).view(B, M, 2, self.n_heads, D // self.n_heads)
        keys, values = both.permute(2, 0, 3, 1, 4).unbind()
        return Memory(keys=apply_rotary(keys, *tables), values=values, seen=seen)

    def forward(
        self, states: Tensor, memory: Memory, tables: Tables, n_weights: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            states: (B, T, D), or (B * C, 1, D) where C rows share one row of the memory.
            memory: keys and values of B rows.
            tables: rotary tables of the states' positions.
            n_weights: of how many heads the weights are wanted, from the first.

        Returns:
            (B, T, D), and the weights (B, n_weights, T, M) float32 or `None`.
        """
        rows, T, D = states.shape
        B = memory.keys.shape[0]
        # (rows, T, D) → (rows, H, T, Dh)
        queries = (
            self.to_queries(states).view(rows, T, self.n_heads, D // self.n_heads).transpose(1, 2)
        )
        queries = apply_rotary(queries, *tables)
        # C candidates of one sequence: one position each, side by side in the time axis,
        # (B * C, H, 1, Dh) → (B, H, C, Dh)
        if rows != B:
            queries = queries.view(B, rows // B, self.n_heads, -1).transpose(1, 2)
        weights = None
        if n_weights:
            # where weights are wanted they are written out, in float32: (B, H, T or C, M)
            scores = queries @ memory.keys.transpose(2, 3) / math.sqrt(queries.shape[-1])
            attention = scores.float().masked_fill(~memory.seen, -torch.inf).softmax(dim=-1)
            weights = attention[:, :n_weights]
            mixed = attention.to(memory.values.dtype) @ memory.values
        else:
            mixed = _attend(queries, memory.keys, memory.values, memory.seen)
        # heads side by side, each candidate a row again
        return self.to_states(mixed.transpose(1, 2).reshape(rows, T, D)), weights


def _attend(queries: Tensor, keys: Tensor, values: Tensor, seen: Tensor | None) -> Tensor:
    """Scaled dot-product attention; `seen` is bool and broadcasts over heads."""
    # A CPU's fused kernel on several threads rounds a row of few queries in float32 now so, now so,
    # whatever stands beside it; products over B * H do not.
    few = queries.shape[2] < FEW_QUERIES and queries.dtype is torch.float32
    if queries.device.type == "cpu" and few and not torch.is_grad_enabled():
        B, H, T, Dh = queries.shape
        scores = queries.flatten(0, 1) @ keys.flatten(0, 1).transpose(1, 2) / math.sqrt(Dh)
        scores = scores.view(B, H, T, -1)
        if seen is not None:
            scores = scores.masked_fill(~seen, -torch.inf)
        weights = scores.softmax(dim=-1)
        return (weights.flatten(0, 1) @ values.flatten(0, 1)).view(B, H, T, Dh)
    # forward alone the fused kernel is the fastest
    if queries.device.type != "cpu" or not torch.is_grad_enabled() or seen is None:
        return F.scaled_dot_product_attention(queries, keys, values, attn_mask=seen)
    # Forward and back on a CPU, products written out take half its time (14 against 29 ms at 6 x 4
    # heads x 210 positions in bfloat16).
    B, H, T, Dh = queries.shape
    bias = torch.zeros(seen.shape, dtype=queries.dtype).masked_fill(~seen, -torch.inf)
    bias = bias.expand(B, H, -1, -1).flatten(0, 1)
    scaled = queries.flatten(0, 1) / math.sqrt(Dh)
    scores = torch.baddbmm(bias, scaled, keys.flatten(0, 1).transpose(1, 2))
    return (scores.softmax(dim=-1).to(values.dtype) @ values.flatten(0, 1)).view(B, H, T, Dh)


class FeedForward(nn.Sequential):
    """Two linear layers with a GELU between them.

    Args:
        dim: D.
        inner_dim: width between the two.
    """

    def __init__(self, dim: int, inner_dim: int) -> None:
        super().__init__(
            nn.Linear(dim, inner_dim),
            nn.GELU(approximate="tanh"),
            nn.Linear(inner_dim, dim),
        )


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each around a residual path.

    Args:
        dim: D.
        n_heads: H.
        inner_dim: width of the feed-forward.
        dropout: share of channels dropped on each residual path in training.
    """

    def __init__(self, dim: int, n_heads: int, inner_dim: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = SelfAttention(dim, n_heads)
        self.feed_forward_norm = nn.LayerNorm(dim)
        self.feed_forward = FeedForward(dim, inner_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, tables: Tables, seen: Tensor) -> Tensor:
        """Transform states (B, T, D); `seen` (B, 1, 1, T) bool is True for what is not padding."""
        states = states + self.dropout(self.attention(self.attention_norm(states), tables, seen))
        transformed: Tensor = self.dropout(self.feed_forward(self.feed_forward_norm(states)))
        return states + transformed


class DecoderLayer(nn.Module):
    """Causal self-attention, cross-attention and feed-forward, each around a residual path.

    Args:
        dim: D.
        n_heads: H.
        inner_dim: width of the feed-forward.
        dropout: share of channels dropped on each residual path in training.
        n_weights: of how many heads `forward` gives the cross-attention's weights.
    """

    def __init__(
        self, dim: int, n_heads: int, inner_dim: int, dropout: float, n_weights: int = 0
    ) -> None:
        super().__init__()
        self.n_weights = n_weights
        self.self_norm = nn.LayerNorm(dim)
        self.self_attention = SelfAttention(dim, n_heads)
        self.cross_norm = nn.LayerNorm(dim)
        self.cross_attention = CrossAttention(dim, n_heads)
        self.feed_forward_norm = nn.LayerNorm(dim)
        self.feed_forward = FeedForward(dim, inner_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        states: Tensor,
        memory: Memory,
        tables: Tables,
        cache: KeyValueCache | None = None,
        position: int = 0,
    ) -> tuple[Tensor, Tensor | None]:
        """Transform states (B, T, D); gives the cross-attention's weights too."""
        normed = self.self_norm(states)
        states = states + self.dropout(
            self.self_attention(normed, tables, cache=cache, position=position)
        )
        attended, weights = self.cross_attention(
            self.cross_norm(states), memory, tables, self.n_weights
        )
        states = states + self.dropout(attended)
        return states + self.dropout(self.feed_forward(self.feed_forward_norm(states))), weights
