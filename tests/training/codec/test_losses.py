import torch

from training.codec.losses import SpectralLosses


def test_equal_sounds_are_at_no_distance(rng: torch.Generator) -> None:
    sound = 0.1 * torch.randn(2, 8000, generator=rng)
    mel, linear = SpectralLosses(16_000)(sound, sound)
    assert float(mel) == 0.0
    assert float(linear) == 0.0


def test_the_distance_grows_with_the_noise_added(rng: torch.Generator) -> None:
    losses = SpectralLosses(16_000)
    sound = 0.1 * torch.randn(1, 8000, generator=rng)
    noise = torch.randn(1, 8000, generator=rng)
    distances = [losses(sound + level * noise, sound) for level in (0.01, 0.1, 0.5)]
    for kind in range(2):
        values = [float(pair[kind]) for pair in distances]
        assert values == sorted(values)
        assert values[0] > 0.0


def test_half_the_level_is_log_two_away_where_sound_is_loud(rng: torch.Generator) -> None:
    sound = 0.5 * torch.randn(1, 8000, generator=rng)
    mel, linear = SpectralLosses(16_000)(0.5 * sound, sound)
    assert abs(float(mel) - 0.693) < 0.05
    assert abs(float(linear) - 0.5) < 0.01


def test_gradients_stay_finite_on_digital_silence() -> None:
    made = torch.zeros(1, 8000, requires_grad=True)
    mel, linear = SpectralLosses(16_000)(made, torch.zeros(1, 8000))
    (mel + linear).backward()
    assert made.grad is not None
    assert bool(torch.isfinite(made.grad).all())
