"""Conformer block (Gulati et al. 2020, arXiv 2005.08100), bidirectional, with rotary positions.

Half a feed-forward, attention, convolution, half a feed-forward, each added to its input.
Everything stays in (B, T, D), the layout in which a CPU multiplies fastest.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.layers.rotary import apply_rotary

LONGEST_PLAIN_ATTENTION = 1024
"""Up to here a CPU is faster with the T × T scores written out (twice, at 500 in bfloat16)."""


class ConformerBlock(nn.Module):
    """One block.

    Args:
        dim: width D.
        n_heads: attention heads; must divide D.
        feed_forward_dim: width inside the feed-forwards.
        conv_kernel: frames the depthwise convolution sees; odd.
        output_scale: factor on the first weights of whatever is added to the residual stream.
    """

    def __init__(
        self,
        dim: int,
        n_heads: int,
        feed_forward_dim: int,
        conv_kernel: int,
        output_scale: float = 1.0,
    ) -> None:
        super().__init__()
        self.before = FeedForward(dim, feed_forward_dim, output_scale)
        self.attention = SelfAttention(dim, n_heads, output_scale)
        self.convolution = ConvolutionModule(dim, conv_kernel, output_scale)
        self.after = FeedForward(dim, feed_forward_dim, output_scale)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, valid: Tensor | None = None) -> Tensor:
        """Transform frames.

        Args:
            x: (B, T, D), float.
            cos: (T, D / heads / 2) of `rotary_tables`.
            sin: as `cos`.
            valid: (B, T) bool, false where a row is padding; `None` if no row is.

        Returns:
            (B, T, D), as `x`; padding never reaches a valid frame.
        """
        x = x + 0.5 * self.before(x)
        x = x + self.attention(x, cos, sin, valid)
        x = x + self.convolution(x, valid)
        y: Tensor = x + 0.5 * self.after(x)
        return y


class FeedForward(nn.Module):
    """Norm, widen, SiLU, narrow."""

    def __init__(self, dim: int, inner_dim: int, output_scale: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.widen = _linear(dim, inner_dim)
        self.narrow = _linear(inner_dim, dim, output_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Transform (B, T, D) frame by frame."""
        narrowed: Tensor = self.narrow(F.silu(self.widen(self.norm(x))))
        return narrowed


class SelfAttention(nn.Module):
    """Norm, then multi-head attention of every frame to every valid frame."""

    def __init__(self, dim: int, n_heads: int, output_scale: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norm = nn.LayerNorm(dim)
        self.queries_keys_values = _linear(dim, 3 * dim)
        self.merge = _linear(dim, dim, output_scale)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, valid: Tensor | None) -> Tensor:
        """Attend over (B, T, D); see `ConformerBlock.forward`."""
        B, T, D = x.shape
        projected: Tensor = self.queries_keys_values(self.norm(x))
        split = projected.view(B, T, 3, self.n_heads, D // self.n_heads).permute(2, 0, 3, 1, 4)
        queries, keys = apply_rotary(split[:2], cos, sin)
        bias = None if valid is None else _padding_bias(valid, queries.dtype)
        heads = _attend(queries, keys, split[2], bias)
        merged: Tensor = self.merge(heads.transpose(1, 2).reshape(B, T, D))
        return merged


class ConvolutionModule(nn.Module):
    """Norm, gated widening, depthwise convolution over frames, SiLU, narrow."""

    def __init__(self, dim: int, kernel: int, output_scale: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.gate = _linear(dim, 2 * dim)
        self.depthwise = nn.Conv2d(dim, dim, (1, kernel), padding=(0, kernel // 2), groups=dim)
        self.narrow = _linear(dim, dim, output_scale)

    def forward(self, x: Tensor, valid: Tensor | None) -> Tensor:
        """Mix neighbouring frames of (B, T, D); frames that are not valid count as zeros."""
        gated = F.glu(self.gate(self.norm(x)), dim=-1)
        if valid is not None:
            gated = gated * valid[..., None]
        mixed: Tensor = self.narrow(F.silu(self._convolve(gated)))
        return mixed

    def _convolve(self, x: Tensor) -> Tensor:
        # As a picture one pixel high, (B, T, D) in memory is "channels last": no copy. In float32,
        # whose CPU kernel is four times as fast as bfloat16's.
        with torch.autocast(x.device.type, enabled=False):
            picture = x.to(self.depthwise.weight.dtype).transpose(1, 2).unsqueeze(2)
            convolved: Tensor = self.depthwise(picture)
        return convolved.squeeze(2).transpose(1, 2).to(x.dtype)


def _attend(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    """Softmax attention over (B, H, T, Dh)."""
    T, Dh = queries.shape[-2:]
    if queries.device.type != "cpu" or T > LONGEST_PLAIN_ATTENTION:
        return F.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
    scores = torch.matmul(queries * Dh**-0.5, keys.transpose(-1, -2))
    if bias is not None:
        scores = scores + bias
    return torch.matmul(_softmax(scores), values)


def _softmax(scores: Tensor) -> Tensor:
    with torch.autocast(scores.device.type, enabled=False):  # stays in the dtype of the scores
        return torch.softmax(scores, dim=-1)


def _padding_bias(valid: Tensor, dtype: torch.dtype) -> Tensor:
    bias = torch.zeros(valid.shape, dtype=dtype, device=valid.device)
    return bias.masked_fill_(~valid, torch.finfo(dtype).min)[:, None, None, :]


def _linear(n_in: int, n_out: int, scale: float = 1.0) -> nn.Linear:
    layer = nn.Linear(n_in, n_out)
    nn.init.normal_(layer.weight, std=scale * n_in**-0.5)
    nn.init.zeros_(layer.bias)
    return layer
