"""The Conformer block."""

import torch

from pipeline.layers.attention import WholeSequences
from pipeline.layers.conformer import ConformerBlock


def build(dim: int = 16) -> ConformerBlock:
    torch.manual_seed(0)
    return ConformerBlock(dim, n_heads=2, feed_forward_dim=32, conv_kernel=5)


def frames(n_frames: int, dim: int = 16) -> torch.Tensor:
    return torch.randn(2, n_frames, dim, generator=torch.Generator().manual_seed(1))


def whole(n_frames: int, **masks: torch.Tensor) -> WholeSequences:
    return WholeSequences(n_frames, 8, torch.device("cpu"), **masks)


def test_padding_reaches_no_valid_frame() -> None:
    block, x = build(), frames(9)
    valid = (torch.arange(9) < 6).expand(2, 9)
    noisy = torch.where(valid[..., None], x, 100.0)
    alone = block(x[:, :6], whole(6))
    assert torch.allclose(block(noisy, whole(9, valid=valid))[:, :6], alone, atol=1e-5)


def test_positions_are_relative() -> None:
    block, x = build(), frames(9)
    here, there, nowhere = whole(9), whole(20), whole(9)
    there.tables = (there.tables[0][11:], there.tables[1][11:])
    nowhere.tables = (nowhere.tables[0] * 0 + 1, nowhere.tables[1])
    assert torch.allclose(block(x, here), block(x, there), atol=1e-4)
    assert not torch.allclose(block(x, here), block(x, nowhere), atol=1e-3)


def test_bfloat16_stays_bfloat16_and_close() -> None:
    block, x = build(), frames(9)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = block(x.bfloat16(), whole(9))
    assert narrow.dtype == torch.bfloat16
    assert torch.allclose(narrow.float(), block(x, whole(9)), atol=0.1)
