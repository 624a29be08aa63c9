"""The cached decoder tells what the plain network tells."""

import pytest
import torch
from torch import Tensor

from benchmarks.audiolm.decoding import CachedDecoder
from benchmarks.audiolm.model import CodeDecoder, flatten_codes
from tests.benchmarks.audiolm.networks import CONFIG, drawn_ids, lively_network, seeded

T = 5


def _stage(name: str, n_rows: int) -> tuple[CodeDecoder, Tensor]:
    network = lively_network()
    if name == "coarse":
        return network.coarse, drawn_ids(n_rows, 3, below=32)
    return network.fine, flatten_codes(drawn_ids(n_rows, CONFIG.n_coarse, T))


def _likeliest_one_by_one(stage: CodeDecoder, prefix: Tensor, given: Tensor) -> Tensor:
    """Without any cache: the whole sequence anew for every code."""
    B, n, T0 = given.shape
    codes = torch.zeros(B, n, T, dtype=torch.int64)
    codes[:, :, :T0] = given
    weights, biases = stage.heads()
    for frame in range(T0, T):
        for level in range(n):
            state = stage(prefix, codes)[:, level, frame]
            codes[:, level, frame] = (state @ weights[level].T + biases[level]).argmax(dim=-1)
    return codes


@pytest.mark.parametrize("name", ["coarse", "fine"])
@pytest.mark.parametrize("n_given", [0, 2])
@pytest.mark.parametrize("n_rows", [1, 3])
def test_with_a_cache_the_same_codes_come_out(name: str, n_given: int, n_rows: int) -> None:
    stage, prefix = _stage(name, n_rows)
    given = drawn_ids(n_rows, stage.n_made, n_given, seed=4)
    with torch.no_grad():
        wanted = _likeliest_one_by_one(stage, prefix, given)
    decoder = CachedDecoder(stage, torch.float32)
    assert torch.equal(decoder.generate(prefix, given, T, 0.0, seeded()), wanted)
    assert len(wanted[:, :, n_given:].unique()) > 3


def test_given_codes_come_first_and_stay() -> None:
    stage, prefix = _stage("coarse", 2)
    given = drawn_ids(2, stage.n_made, 3, seed=4)
    codes = CachedDecoder(stage, torch.float32).generate(prefix, given, T, 1.0, seeded())
    assert torch.equal(codes[:, :, :3], given)


def test_one_seed_gives_the_same_draw_and_another_one_another() -> None:
    stage, prefix = _stage("coarse", 2)
    decoder, given = CachedDecoder(stage, torch.float32), drawn_ids(2, stage.n_made, 0)
    first, again, other = (
        decoder.generate(prefix, given, T, 1.0, seeded(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_draws_follow_the_heads_of_the_due_level() -> None:
    """A level that is sure of one code gives that code alone, hot as the draw may be."""
    stage, prefix = _stage("coarse", 2)
    for level in range(stage.n_made):
        stage.head_bias.data[level, 5 + level] = 1e4
    given = drawn_ids(2, stage.n_made, 0)
    codes = CachedDecoder(stage, torch.float32).generate(prefix, given, T, 1.0, seeded())
    for level in range(stage.n_made):
        assert codes[:, level].unique().tolist() == [5 + level]


def test_the_draw_is_as_often_as_likely() -> None:
    stage, prefix = _stage("coarse", 1)
    stage.head_projection.data.zero_()
    stage.head_bias.data[:] = torch.full((CONFIG.n_codes,), -1e4)
    stage.head_bias.data[:, 3], stage.head_bias.data[:, 4] = 0.0, float(torch.tensor(3.0).log())
    rows = prefix.expand(500, -1)
    given = drawn_ids(500, stage.n_made, 0)
    codes = CachedDecoder(stage, torch.float32).generate(rows, given, 1, 1.0, seeded())
    assert float((codes == 4).float().mean()) == pytest.approx(0.75, abs=0.05)


def test_bytes_of_a_step_are_weights_and_cache() -> None:
    stage, _ = _stage("coarse", 1)
    decoder = CachedDecoder(stage, torch.float32)
    D, V, N = CONFIG.dim, CONFIG.n_codes, CONFIG.n_layers
    weights = 4 * (N * (4 * D * D + 2 * D * CONFIG.feed_forward_dim) + V * D)
    assert decoder.bytes_per_step(1, 0) == weights
    assert decoder.bytes_per_step(3, 7) == weights + 3 * 7 * N * 2 * D * 4
