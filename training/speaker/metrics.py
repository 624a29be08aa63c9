"""How well similarities tell one speaker from two: equal error rate, and a threshold to flag by."""

import torch
from torch import Tensor


def equal_error_rate(own: Tensor, other: Tensor) -> float:
    """Share of errors where as many same-speaker pairs are refused as others are accepted.

    Args:
        own: (n,) float similarities of pairs by one speaker, n at least 1.
        other: (m,) float similarities of pairs by two, m at least 1.

    Returns:
        In [0, 1]: 0 where a threshold parts them, 0.5 for guessing. Where no threshold makes both
        shares equal, their mean at the one that brings them closest.
    """
    thresholds = torch.cat([own, other]).double().sort().values
    own, other = own.double().sort().values, other.double().sort().values
    refused = torch.searchsorted(own, thresholds).double() / len(own)
    accepted = 1.0 - torch.searchsorted(other, thresholds).double() / len(other)
    closest = int((refused - accepted).abs().argmin())
    return float((refused[closest] + accepted[closest]) / 2)


def flagging_threshold(own: Tensor, share: float) -> float:
    """The similarity that a share of same-speaker pairs stays below.

    Args:
        own: (n,) float similarities of pairs by one speaker, n at least 1.
        share: in [0, 1].
    """
    return float(torch.quantile(own.double(), share))


def threshold_over_length(
    short: tuple[float, float], long: tuple[float, float]
) -> tuple[float, float]:
    """The curve `threshold - fall_s / seconds` through two measured thresholds.

    Args:
        short: (seconds, threshold) of short turns.
        long: (seconds, threshold) of longer ones.

    Returns:
        (threshold, fall_s): a threshold of at most 1 and a fall of at least 0, which is 0 where the
        short turns were not less alike than the longer ones.
    """
    fall_s = max(0.0, (long[1] - short[1]) / (1 / short[0] - 1 / long[0]))
    return min(1.0, long[1] + fall_s / long[0]), fall_s
