"""Conformer block (Gulati et al. 2020, arXiv 2005.08100), bidirectional, with rotary positions.

Half a feed-forward, attention, convolution, half a feed-forward, each added to its input.
Everything stays in (B, T, D), the layout in which a CPU multiplies fastest.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.layers.attention import FrameMask


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

    def forward(self, x: Tensor, frame_mask: FrameMask) -> Tensor:
        """Transform frames.

        Args:
            x: (B, T, D), float.
            frame_mask: which of the frames see which.

        Returns:
            (B, T, D), as `x`.
        """
        x = x + 0.5 * self.before(x)
        x = x + self.attention(x, frame_mask)
        x = x + self.convolution(x, frame_mask)
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
    """Norm, then multi-head attention of every frame to those it sees."""

    def __init__(self, dim: int, n_heads: int, output_scale: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norm = nn.LayerNorm(dim)
        self.queries_keys_values = _linear(dim, 3 * dim)
        self.merge = _linear(dim, dim, output_scale)

    def forward(self, x: Tensor, frame_mask: FrameMask) -> Tensor:
        """Attend over (B, T, D)."""
        B, T, D = x.shape
        projected: Tensor = self.queries_keys_values(self.norm(x))
        # (B, T, 3 D) → queries, keys, values, each (B, H, T, Dh)
        split = projected.view(B, T, 3, self.n_heads, D // self.n_heads).permute(2, 0, 3, 1, 4)
        heads = frame_mask.attend(split[0], split[1], split[2])
        # heads side by side: (B, H, T, Dh) → (B, T, D)
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

    def forward(self, x: Tensor, frame_mask: FrameMask) -> Tensor:
        """Mix neighbouring frames of (B, T, D)."""
        # (B, T, 2 D): one half gates the other → (B, T, D)
        gated = F.glu(self.gate(self.norm(x)), dim=-1)
        mixed: Tensor = self.narrow(F.silu(frame_mask.convolve(gated, self.depthwise)))
        return mixed


def _linear(n_in: int, n_out: int, scale: float = 1.0) -> nn.Linear:
    layer = nn.Linear(n_in, n_out)
    nn.init.normal_(layer.weight, std=scale * n_in**-0.5)
    nn.init.zeros_(layer.bias)
    return layer
