"""Rotary position embedding: queries and keys turned by an angle that grows with position."""

import torch
from torch import Tensor

ROTARY_BASE = 10_000.0


def rotary_tables(
    n_positions: int, head_dim: int, device: torch.device | str = "cpu"
) -> tuple[Tensor, Tensor]:
    """Give the cosines and sines of the angles of positions 0, 1, 2, ...

    Args:
        n_positions: how many positions.
        head_dim: channels of one head; even.
        device: where the tables shall lie.

    Returns:
        Two (n_positions, head_dim // 2) float32 tables: cosines, sines.
    """
    return rotary_tables_at(torch.arange(n_positions, device=device), head_dim)


def rotary_tables_at(positions: Tensor, head_dim: int) -> tuple[Tensor, Tensor]:
    """Give the cosines and sines of the angles of any positions, whole or not.

    Args:
        positions: (...) numbers, of any sign.
        head_dim: channels of one head; even.

    Returns:
        Two (..., head_dim // 2) float32 tables: cosines, sines.
    """
    assert head_dim % 2 == 0, f"rotary embedding turns pairs of channels, not {head_dim}"
    channels = torch.arange(0, head_dim, 2, device=positions.device, dtype=torch.float32)
    # (...) → (..., Dh / 2): pair i turns by position * base^(-2 i / Dh)
    angles = positions.to(torch.float32)[..., None] * ROTARY_BASE ** (-channels / head_dim)
    return angles.cos(), angles.sin()


def apply_rotary(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of channels by the angle of its position.

    Args:
        x: (B, H, T, Dh) queries or keys, any float dtype.
        cos: (T, Dh // 2), or (B, 1, T, Dh // 2) where each row has positions of its own.
        sin: the same shape as `cos`.

    Returns:
        (B, H, T, Dh), in the dtype of `x`.
    """
    # channel i makes a pair with channel i + Dh / 2
    first, second = x.chunk(2, dim=-1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
