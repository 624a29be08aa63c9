"""The Conformer block."""

import pytest
import torch

from pipeline.layers import conformer
from pipeline.layers.conformer import ConformerBlock
from pipeline.layers.rotary import rotary_tables


def build(dim: int = 16) -> ConformerBlock:
    torch.manual_seed(0)
    return ConformerBlock(dim, n_heads=2, feed_forward_dim=32, conv_kernel=5)


def frames(n_frames: int, dim: int = 16) -> torch.Tensor:
    return torch.randn(2, n_frames, dim, generator=torch.Generator().manual_seed(1))


def test_both_ways_to_attend_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    block, x = build(), frames(9)
    cos, sin = rotary_tables(9, 8)
    valid = torch.arange(9).expand(2, 9) < torch.tensor([[9], [6]])
    for mask in (None, valid):
        plain = block(x, cos, sin, mask)
        with monkeypatch.context() as patch:
            patch.setattr(conformer, "LONGEST_PLAIN_ATTENTION", 0)
            assert torch.allclose(block(x, cos, sin, mask), plain, atol=1e-5)


def test_padding_reaches_no_valid_frame() -> None:
    block, x = build(), frames(9)
    valid = (torch.arange(9) < 6).expand(2, 9)
    cos, sin = rotary_tables(9, 8)
    noisy = torch.where(valid[..., None], x, 100.0)
    alone = block(x[:, :6], cos[:6], sin[:6])
    assert torch.allclose(block(noisy, cos, sin, valid)[:, :6], alone, atol=1e-5)


def test_positions_are_relative() -> None:
    block, x = build(), frames(9)
    cos, sin = rotary_tables(20, 8)
    here, there = block(x, cos[:9], sin[:9]), block(x, cos[11:], sin[11:])
    assert torch.allclose(here, there, atol=1e-4)
    assert not torch.allclose(here, block(x, cos[:9] * 0 + 1, sin[:9] * 0), atol=1e-3)


def test_bfloat16_stays_bfloat16_and_close() -> None:
    block, x = build(), frames(9)
    cos, sin = rotary_tables(9, 8)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = block(x.bfloat16(), cos, sin)
    assert narrow.dtype == torch.bfloat16
    assert torch.allclose(narrow.float(), block(x, cos, sin), atol=0.1)
