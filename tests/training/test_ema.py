import pytest
import torch
from torch import nn

from training.ema import follow


def layers() -> tuple[nn.Linear, nn.Linear]:
    average, network = nn.Linear(2, 2), nn.Linear(2, 2)
    return average.requires_grad_(False), network


def test_the_first_step_forgets_the_start_and_late_ones_keep_the_past() -> None:
    average, network = layers()
    before = average.weight.clone()
    follow(average, network, step=10_000, decay=0.99)
    torch.testing.assert_close(average.weight, 0.99 * before + 0.01 * network.weight.detach())
    follow(average, network, step=0, decay=0.99)
    far = (average.weight - network.weight).abs().max()
    assert float(far) < 0.11 * float((before - network.weight).abs().max())


@pytest.mark.parametrize("every", [2, 5])
def test_one_move_for_many_steps_is_as_far_as_all_of_them(every: int) -> None:
    average, network = layers()
    stepwise = nn.Linear(2, 2).requires_grad_(False)
    stepwise.load_state_dict(average.state_dict())
    follow(average, network, step=10_000, decay=0.9, every=every)
    for _ in range(every):
        follow(stepwise, network, step=10_000, decay=0.9)
    torch.testing.assert_close(average.weight, stepwise.weight)
