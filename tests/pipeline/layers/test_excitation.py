"""Harmonics of a pitch, and the filters that colour them."""

import math

import pytest
import torch

from pipeline.layers.excitation import (
    band_interpolation,
    filtered_sound,
    harmonic_source,
    minimum_phase,
)

RATE, HOP, N_FFT = 24_000, 240, 960
N_BANDS = 96


@pytest.mark.parametrize("hz", [80.0, 147.0, 310.0])
def test_the_source_holds_every_harmonic_equally_and_nothing_else(hz: float) -> None:
    source = harmonic_source(torch.full((1, 100), hz), HOP, RATE)[0]
    spectrum = torch.fft.rfft(source * torch.hann_window(RATE)).abs()
    harmonics = torch.stack([spectrum[round(k * hz)] for k in range(1, int(11_000 / hz))])
    between = torch.stack([spectrum[round((k + 0.5) * hz)] for k in range(1, int(11_000 / hz))])
    assert harmonics.min() > 0.7 * harmonics.max()
    assert between.max() < 0.01 * harmonics.min()


@pytest.mark.parametrize("hz", [60.0, 200.0, 440.0])
def test_the_power_does_not_depend_on_the_pitch(hz: float) -> None:
    source = harmonic_source(torch.full((1, 100), hz), HOP, RATE)
    assert float(source.square().mean()) == pytest.approx(1.0, rel=0.05)


def test_the_phase_does_not_drift_within_a_minute() -> None:
    source = harmonic_source(torch.full((1, 6_000), 100.0), HOP, RATE)[0]
    period = RATE // 100
    assert torch.allclose(source[-10 * period :], source[10 * period : 20 * period], atol=0.05)


def test_a_pitch_of_nothing_counts_as_the_lowest() -> None:
    assert torch.isfinite(harmonic_source(torch.zeros(1, 10), HOP, RATE)).all()


def test_minimum_phase_keeps_amplitudes_and_comes_early(rng: torch.Generator) -> None:
    smooth = torch.nn.functional.avg_pool1d(torch.randn(1, 1, 520, generator=rng), 40, 1)[0, 0]
    log_amplitudes = smooth[:481]
    response = minimum_phase(log_amplitudes)
    assert torch.allclose(response.abs(), log_amplitudes.exp(), rtol=1e-3)
    impulse = torch.fft.irfft(response)
    assert float(impulse[:240].square().sum()) > 0.99 * float(impulse.square().sum())


def test_bands_interpolate_and_keep_constants() -> None:
    bands = band_interpolation(N_BANDS, N_FFT, RATE)
    assert bands.shape == (N_BANDS, N_FFT // 2 + 1)
    assert torch.allclose(bands.sum(dim=0), torch.ones(N_FFT // 2 + 1))
    assert bands.min() >= 0


def test_each_envelope_colours_its_part(rng: torch.Generator) -> None:
    bands, window = band_interpolation(N_BANDS, N_FFT, RATE), torch.hann_window(N_FFT)
    pitch, noise = torch.full((1, 100), 200.0), torch.randn(1, RATE, generator=rng)
    off, on = torch.full((1, 100, N_BANDS), -20.0), torch.zeros(1, 100, N_BANDS)
    voiced, unvoiced = (
        filtered_sound(harmonic, hiss, pitch, noise, bands, window, RATE)
        for harmonic, hiss in ((on, off), (off, on))
    )
    for sound in (voiced, unvoiced):
        assert sound.shape == (1, RATE)
        assert float(sound.square().mean().sqrt()) == pytest.approx(1e-2, rel=0.1)
    assert torch.allclose(unvoiced, 1e-2 * noise, atol=2e-3)
    spectrum = torch.fft.rfft(voiced[0]).abs()
    assert math.isclose(float(spectrum.argmax()) % 200, 0, abs_tol=1)


def test_gradients_reach_both_envelopes(rng: torch.Generator) -> None:
    bands, window = band_interpolation(N_BANDS, N_FFT, RATE), torch.hann_window(N_FFT)
    envelopes = torch.zeros(2, 1, 20, N_BANDS, requires_grad=True)
    noise = torch.randn(1, 20 * HOP, generator=rng)
    sound = filtered_sound(
        envelopes[0], envelopes[1], torch.full((1, 20), 120.0), noise, bands, window, RATE
    )
    sound.square().mean().backward()
    assert envelopes.grad is not None
    assert (envelopes.grad.abs().sum(dim=(1, 2, 3)) > 0).all()
