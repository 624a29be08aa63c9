"""What a block reads together, caches, and reads again: the same numbers each way."""

import pytest
import torch
from torch import Tensor, nn

from pipeline.layers import attention
from pipeline.layers.attention import CachedPrefix, PrefixCache, WholeSequences, attend
from pipeline.layers.conformer import ConformerBlock
from pipeline.layers.packing import PackedRows, RowPacking
from pipeline.layers.rotary import rotary_tables_at

DIM, HEAD_DIM, KERNEL = 16, 8, 5
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def blocks() -> list[ConformerBlock]:
    torch.manual_seed(0)
    return [ConformerBlock(DIM, 2, 32, KERNEL).eval() for _ in range(2)]


def frames(n_frames: int, seed: int = 1) -> Tensor:
    return torch.randn(1, n_frames, DIM, generator=torch.Generator().manual_seed(seed))


def read_whole(blocks: list[ConformerBlock], x: Tensor, n_prefix: int) -> Tensor:
    prefix = (torch.arange(x.shape[1]) < n_prefix)[None]
    for block in blocks:
        x = block(x, WholeSequences(x.shape[1], HEAD_DIM, CPU, prefix=prefix))
    return x


def cache_prefix(blocks: list[ConformerBlock], x: Tensor) -> tuple[Tensor, list[PrefixCache]]:
    if x.shape[1] == 0:
        keys, tail = torch.zeros(2, 0, HEAD_DIM), torch.zeros(KERNEL // 2, DIM)
        return x, [PrefixCache(keys=keys, values=keys, tail=tail) for _ in blocks]
    caches = []
    for block in blocks:
        reading = CachedPrefix(x.shape[1], HEAD_DIM, CPU)
        x = block(x, reading)
        caches.append(reading.cache)
    return x, caches


def read_packed(
    blocks: list[ConformerBlock], sequences: list[Tensor], n_prefixes: list[int]
) -> list[Tensor]:
    """The frames after their prefixes, all rows packed."""
    caches = [cache_prefix(blocks, x[:, :n])[1] for x, n in zip(sequences, n_prefixes, strict=True)]
    rows = [x[0, n:].T for x, n in zip(sequences, n_prefixes, strict=True)]
    packing = RowPacking([row.shape[1] for row in rows], n_prefixes, KERNEL // 2, step=8)
    places = [torch.arange(n, x.shape[1]) for x, n in zip(sequences, n_prefixes, strict=True)]
    inside = packing.pack([torch.ones(row.shape[1], dtype=torch.bool) for row in rows])
    tables = rotary_tables_at(packing.pack(places), HEAD_DIM)
    x = packing.pack(rows).T[None]
    for block, own in zip(blocks, zip(*caches, strict=True), strict=True):
        x = block(x, PackedRows(packing, own, inside, tables))
    return [packing.row(x[0].T, row).T for row in range(len(rows))]


def test_a_cached_prefix_reads_as_in_the_whole_sequence(blocks: list[ConformerBlock]) -> None:
    x = frames(20)
    prefix, _ = cache_prefix(blocks, x[:, :12])
    assert torch.allclose(prefix, read_whole(blocks, x, 12)[:, :12], atol=1e-5)


def test_a_prefix_sees_nothing_of_what_follows(blocks: list[ConformerBlock]) -> None:
    x, other = frames(20), frames(20, seed=2)
    other[:, :12] = x[:, :12]
    one, two = (read_whole(blocks, each, 12) for each in (x, other))
    assert torch.equal(one[:, :12], two[:, :12])
    assert not torch.allclose(one[:, 12:], two[:, 12:])


def test_packed_rows_read_as_whole_sequences(blocks: list[ConformerBlock]) -> None:
    lengths, n_prefixes = (20, 31, 9, 25), [12, 12, 0, 5]
    sequences = [frames(n, seed) for seed, n in enumerate(lengths)]
    packed = read_packed(blocks, sequences, n_prefixes)
    for x, n_prefix, row in zip(sequences, n_prefixes, packed, strict=True):
        assert torch.allclose(row, read_whole(blocks, x, n_prefix)[0, n_prefix:], atol=1e-5)


def test_a_row_is_the_same_whatever_lies_beside_it(blocks: list[ConformerBlock]) -> None:
    row, others = frames(20), [frames(n, n) for n in (33, 12, 21, 20)]
    alone = read_packed(blocks, [row], [6])[0]
    for beside in (others, others[:2]):
        together = read_packed(blocks, [*beside, row], [6] * (len(beside) + 1))
        assert torch.equal(together[-1], alone)


def test_what_is_packed_comes_back() -> None:
    packing = RowPacking([3, 9, 5], [0, 4, 0], margin=2, step=8)
    rows = [torch.arange(n) + 10 * n for n in (3, 9, 5)]
    packed = packing.pack(rows)
    assert [torch.equal(packing.row(packed, k), row) for k, row in enumerate(rows)] == [True] * 3
    assert len(packed) == packing.n_packed == sum(8 * -(-(n + 4) // 8) for n in (3, 9, 5))
    assert int((packed != 0).sum()) == 3 + 9 + 5


def test_both_ways_to_attend_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, keys, values = torch.randn(3, 2, 4, 9, HEAD_DIM).unbind()
    for bias in (None, torch.randn(2, 1, 1, 9)):
        plain = attend(queries, keys, values, bias)
        with monkeypatch.context() as patch:
            patch.setattr(attention, "LONGEST_PLAIN_ATTENTION", 0)
            assert torch.allclose(attend(queries, keys, values, bias), plain, atol=1e-5)


def test_a_kernel_of_one_needs_no_neighbours() -> None:
    depthwise = nn.Conv2d(DIM, DIM, (1, 1), groups=DIM)
    reading = CachedPrefix(4, HEAD_DIM, CPU)
    reading.attend(*torch.randn(3, 1, 2, 4, HEAD_DIM).unbind())
    reading.convolve(frames(4), depthwise)
    assert reading.cache.tail.shape == (0, DIM)
