"""The running average of a network's weights, which is what a training exports."""

import torch
from torch import Tensor, nn


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, step: int, decay: float, every: int = 1) -> None:
    """Move the average towards the network; faster at first, to forget the random start.

    Args:
        average: moved in place.
        network: of the same shape.
        step: steps done before this one.
        decay: share of the average that a step keeps, late in the run.
        every: steps that this move stands for.
    """
    decay = min(decay, (1 + step) / (10 + step)) ** every
    averages: list[Tensor] = list(average.parameters())
    newest: list[Tensor] = list(network.parameters())
    torch._foreach_lerp_(averages, newest, 1.0 - decay)
