import pytest
import torch

from pipeline.config.speaker import SpeakerConfig
from training.speaker.metrics import equal_error_rate, flagging_threshold, threshold_over_length


@pytest.mark.parametrize(
    ("own", "other", "rate"),
    [
        ([0.8, 0.9], [0.1, 0.2, 0.3], 0.0),
        ([0.1, 0.2], [0.8, 0.9], 1.0),
        ([0.2, 0.6, 0.7, 0.8], [0.1, 0.3, 0.4, 0.65], 0.25),
        ([0.5] * 4, [0.5] * 4, 0.5),
    ],
    ids=["parted", "the wrong way round", "one of four on each side", "all alike"],
)
def test_the_equal_error_rate_of_known_scores(
    own: list[float], other: list[float], rate: float
) -> None:
    assert equal_error_rate(torch.tensor(own), torch.tensor(other)) == pytest.approx(rate)


def test_the_equal_error_rate_of_two_normal_distributions(rng: torch.Generator) -> None:
    own = torch.randn(20_000, generator=rng) + 2.0
    other = torch.randn(5_000, generator=rng)
    wanted = 0.5 * torch.special.erfc(torch.tensor(1.0 / 2**0.5))  # half way, one deviation off
    assert equal_error_rate(own, other) == pytest.approx(float(wanted), abs=0.01)
    assert equal_error_rate(3 * own + 1, 3 * other + 1) == equal_error_rate(own, other)


def test_the_threshold_flags_the_share_asked_for() -> None:
    own = torch.linspace(0.0, 1.0, 1001)
    threshold = flagging_threshold(own, 0.02)
    assert int((own < threshold).sum()) == 20
    assert flagging_threshold(own, 0.0) == 0.0


def test_the_curve_of_thresholds_goes_through_both_and_never_falls_with_length() -> None:
    threshold, fall_s = threshold_over_length((1.0, 0.3), (2.0, 0.5))
    config = SpeakerConfig(threshold=threshold, threshold_fall_s=fall_s)
    assert config.threshold_for(1.0) == pytest.approx(0.3)
    assert config.threshold_for(2.0) == pytest.approx(0.5)
    assert config.threshold_for(0.6) < 0.3 < 0.5 < config.threshold_for(6.0) < threshold
    assert threshold_over_length((1.0, 0.6), (2.0, 0.5)) == (0.5, 0.0)
    assert threshold_over_length((1.0, 0.1), (2.0, 0.9))[0] == 1.0
