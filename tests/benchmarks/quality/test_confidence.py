from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.quality.confidence import estimate, mean, pooled


@dataclass(frozen=True)
class Count:
    wrong: int
    total: int


def test_a_pooled_figure_weighs_takes_by_their_size() -> None:
    takes = [Count(wrong=1, total=1), Count(wrong=0, total=9)]
    assert pooled("wrong", "total")(takes) == pytest.approx(0.1)
    assert mean("total")(takes) == pytest.approx(5.0)


def test_the_interval_holds_the_value_and_narrows_with_more_takes() -> None:
    rng = np.random.default_rng(0)
    few, many = (
        [Count(wrong=int(w), total=10) for w in rng.binomial(10, 0.3, size=n)] for n in (12, 300)
    )
    wide, narrow = (estimate(takes, pooled("wrong", "total")) for takes in (few, many))
    for found in (wide, narrow):
        assert found.low <= found.value <= found.high
    assert narrow.high - narrow.low < 0.5 * (wide.high - wide.low)
    assert abs(narrow.value - 0.3) < 0.05
    assert (wide.n, narrow.n) == (12, 300)


def test_the_same_takes_give_the_same_interval() -> None:
    takes = [Count(wrong=w % 3, total=5) for w in range(10)]
    assert estimate(takes, mean("wrong")) == estimate(takes, mean("wrong"))


def test_no_takes_have_no_figure() -> None:
    with pytest.raises(ValueError, match="no takes"):
        estimate([], mean("wrong"))
