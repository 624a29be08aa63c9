"""How sure a figure is: its interval when takes are drawn again, some twice and some not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")

RESAMPLES = 1000
COVERED = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure over a sample of takes.

    Attributes:
        value: of the sample itself.
        low, high: between these lie 95 % of the values of samples drawn from it with replacement.
        n: takes.
    """

    value: float
    low: float
    high: float
    n: int


def estimate(takes: Sequence[T], figure: Callable[[Sequence[T]], float], seed: int = 0) -> Estimate:
    """A figure and its percentile bootstrap interval (Efron 1979).

    Args:
        takes: at least one; they are drawn independently of each other.
        figure: of a sample as large as `takes`.
        seed: of the draws.

    Raises:
        ValueError: if there are no takes.
    """
    if not takes:
        raise ValueError("a figure of no takes has no value")
    rng = np.random.default_rng(seed)
    n = len(takes)
    values = [
        figure([takes[i] for i in rng.integers(0, n, n)]) for _ in range(RESAMPLES if n > 1 else 1)
    ]
    tail = 50 * (1 - COVERED)
    low, high = np.nanpercentile(values, [tail, 100 - tail])
    return Estimate(value=figure(takes), low=float(low), high=float(high), n=n)


def pooled(errors: str, total: str) -> Callable[[Sequence[object]], float]:
    """A figure: all errors over all that could have been wrong, by names of attributes."""

    def ratio(takes: Sequence[object]) -> float:
        return float(
            sum(getattr(take, errors) for take in takes)
            / max(1, sum(getattr(take, total) for take in takes))
        )

    return ratio


def mean(name: str) -> Callable[[Sequence[object]], float]:
    """A figure: the mean of an attribute."""

    def average(takes: Sequence[object]) -> float:
        return float(np.mean([getattr(take, name) for take in takes]))

    return average
