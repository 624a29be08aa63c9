"""The synthesiser's phones as class numbers, and the phone of every frame of an utterance."""

from collections.abc import Sequence

import torch
from torch import Tensor

# fmt: off
PHONES = (
    "pau", "aa", "ae", "ah", "ao", "aw", "ax", "axr", "ay", "b", "ch", "d", "dh", "dx", "eh",
    "el", "em", "en", "er", "ey", "f", "g", "hh", "hv", "ih", "iy", "jh", "k", "l", "m", "n",
    "nx", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh",
)
# fmt: on
"""Festival's radio phone set, which flite speaks; `pau` is silence."""
N_PHONES = len(PHONES)
UNKNOWN = -100
"""Label of a frame or character whose sound is not known; cross-entropy skips it."""

_NUMBERS = {name: number for number, name in enumerate(PHONES)}


def frame_phones(
    phones: Sequence[tuple[str, float]], n_frames: int, hop_s: float, centre_s: float
) -> Tensor:
    """Label every frame with the phone that sounds at its centre.

    Args:
        phones: (name, end in seconds) in order; silence follows the last.
        n_frames: frames to label.
        hop_s: seconds from frame to frame.
        centre_s: centre of the first frame, in seconds.

    Returns:
        (n_frames,) int64 in [0, N_PHONES), or `UNKNOWN` for names outside `PHONES` and,
        if `phones` is empty, everywhere.
    """
    if not phones:
        return torch.full((n_frames,), UNKNOWN)
    ends = torch.tensor([end for _, end in phones], dtype=torch.float64)
    numbers = torch.tensor([_NUMBERS.get(name, UNKNOWN) for name, _ in phones] + [_NUMBERS["pau"]])
    centres = centre_s + hop_s * torch.arange(n_frames, dtype=torch.float64)
    return numbers[torch.searchsorted(ends, centres, right=True)]
