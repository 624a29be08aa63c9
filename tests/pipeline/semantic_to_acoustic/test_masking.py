"""What is hidden when."""

from itertools import pairwise

import pytest
import torch

from pipeline.semantic_to_acoustic.masking import draw_hidden, hide_codes, n_hidden_after


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_hidden_count_falls_to_zero_on_a_cosine() -> None:
    counts = [n_hidden_after(1500, done, 16) for done in range(17)]
    assert counts[0] == 1500
    assert counts[-1] == 0
    freed = [before - after for before, after in pairwise(counts)]
    # facts of the paper's schedule at 1500 frames
    assert freed == [8, 21, 36, 50, 63, 75, 88, 99, 109, 118, 126, 133, 139, 143, 145, 147]


@pytest.mark.parametrize("n_iterations", [1, 2, 7])
def test_the_last_iteration_leaves_nothing_hidden(n_iterations: int) -> None:
    assert n_hidden_after(9, n_iterations, n_iterations) == 0
    assert n_hidden_after(0, 0, n_iterations) == 0


def test_given_frames_are_never_hidden_and_one_other_always_is() -> None:
    given = torch.tensor([True, False, True, False, False])
    for seed in range(50):
        none_drawn = draw_hidden(given, 0.0, rng(seed))
        assert int(none_drawn.sum()) == 1
        assert not bool((none_drawn & given).any())
    assert torch.equal(draw_hidden(given, 1.0, rng()), ~given)


def test_the_share_hidden_is_the_ratio() -> None:
    hidden = draw_hidden(torch.zeros(20_000, dtype=torch.bool), 0.3, rng())
    assert float(hidden.float().mean()) == pytest.approx(0.3, abs=0.02)


def test_levels_below_stay_levels_above_go_and_given_frames_stay_at_all() -> None:
    B, Q, T = 4, 4, 30
    codes = torch.randint(0, 9, (B, Q, T), generator=rng())
    level = torch.arange(B)
    given = torch.rand(B, T, generator=rng(1)) < 0.4
    hidden = (torch.rand(B, T, generator=rng(2)) < 0.5) & ~given
    seen = hide_codes(codes, level, hidden, given, 9)
    for row in range(B):
        assert torch.equal(seen[row, :row], codes[row, :row])
        assert torch.equal(seen[row, row] == 9, hidden[row])
        assert torch.equal(seen[row, row + 1 :] == 9, (~given[row]).expand(Q - row - 1, T))
        shown = seen[row] != 9
        assert torch.equal(seen[row][shown], codes[row][shown])
