"""What a voice is filtered from: harmonics of a pitch, and the filters that colour them.

A decoder that predicts phases of STFT frames has to learn them from waveforms, and buzzes for as
long as it has not. Here the phase of every harmonic follows from the pitch, as in the source-filter
model of speech and in neural vocoders after it (NSF, arXiv 1904.12088; DDSP, arXiv 2001.04643):
what a network has to predict are two smooth spectral envelopes, of harmonics and of noise.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.layers.stft import hz_to_mel, samples_from_spectrum, spectrum_frames

_LOWEST_HZ = 40.0
_MAX_LOG_AMPLITUDE = 6.0
_START_LOG_AMPLITUDE = math.log(1e-2)
"""Envelopes of zero make quiet speech, which is where training should start."""
_NEAR_ZERO = 1e-4


def harmonic_source(pitch_hz: Tensor, hop_samples: int, sample_rate_hz: int) -> Tensor:
    """Equal cosines at all multiples of a pitch below half the sample rate.

    The phase is a running sum, kept in float64: in float32 it would drift within a minute.

    Args:
        pitch_hz: (B, F) float32, one value for each hop; below 40 counts as 40.
        hop_samples: samples a value stands for.
        sample_rate_hz: of the sound.

    Returns:
        (B, F * hop_samples) float32, with a power of 1 whatever the pitch.
    """
    # one value for each sample: (B, N)
    hz = F.interpolate(
        pitch_hz.clamp(min=_LOWEST_HZ)[:, None], scale_factor=float(hop_samples), mode="linear"
    )[:, 0]
    cycles = torch.cumsum(hz.double() / sample_rate_hz, dim=1).frac().float()
    n_harmonics = (0.5 * sample_rate_hz / hz).floor().clamp(min=1.0)
    # the sum of cos(k x) for k = 1 .. K is a quotient of sines (Dirichlet's kernel), K where x is 0
    half = math.pi * cycles
    sine = torch.sin(half)
    at_pulse = sine.abs() < _NEAR_ZERO
    quotient = torch.sin((2 * n_harmonics + 1) * half) / torch.where(at_pulse, 1.0, sine)
    total = 0.5 * (torch.where(at_pulse, 2 * n_harmonics + 1, quotient) - 1.0)
    return total * (2.0 / n_harmonics).sqrt()


def minimum_phase(log_amplitudes: Tensor) -> Tensor:
    """The response with given amplitudes whose energy comes as early as it can, as a throat's does.

    Args:
        log_amplitudes: (..., n_fft // 2 + 1) float32, natural logarithm.

    Returns:
        (..., n_fft // 2 + 1) complex64.
    """
    n_fft = 2 * (log_amplitudes.shape[-1] - 1)
    cepstrum = torch.fft.irfft(log_amplitudes.to(torch.complex64), n=n_fft)
    # fold what is before time zero to after it: amplitudes stay, phases become minimal
    fold = torch.zeros(n_fft, device=log_amplitudes.device)
    fold[0], fold[1 : n_fft // 2], fold[n_fft // 2] = 1.0, 2.0, 1.0
    response: Tensor = torch.fft.rfft(cepstrum * fold, n=n_fft).exp()
    return response


def band_interpolation(n_bands: int, n_fft: int, sample_rate_hz: int) -> Tensor:
    """Weights that turn an envelope in even steps of the mel scale into one of STFT bins.

    Args:
        n_bands: values from 0 Hz to half the sample rate, both included.
        n_fft: samples under the window.
        sample_rate_hz: samples per second.

    Returns:
        (n_bands, n_fft // 2 + 1) float32; columns sum to 1.
    """
    n_bins = n_fft // 2 + 1
    hz = torch.linspace(0.0, sample_rate_hz / 2, n_bins, dtype=torch.float64)
    mel = hz_to_mel(hz)
    places = mel / mel[-1] * (n_bands - 1)
    below = places.floor().long().clamp(max=n_bands - 2)
    weights = torch.zeros(n_bands, n_bins, dtype=torch.float64)
    bins = torch.arange(n_bins)
    weights[below, bins] = 1.0 - (places - below)
    weights[below + 1, bins] += places - below
    return weights.float()


def filtered_sound(
    harmonic_envelope: Tensor,
    noise_envelope: Tensor,
    pitch_hz: Tensor,
    noise: Tensor,
    bands: Tensor,
    window: Tensor,
    sample_rate_hz: int,
) -> Tensor:
    """Harmonics and noise, each through its envelope, added up; one inverse STFT.

    Args:
        harmonic_envelope: (B, F, n_bands) float32, log amplitudes.
        noise_envelope: the same for what is no harmonic.
        pitch_hz: (B, F) float32.
        noise: (B, F * hop) float32, white, of power 1.
        bands: of `band_interpolation`.
        window: (n_fft,) float32; the hop is a quarter of it.
        sample_rate_hz: of the sound.

    Returns:
        (B, F * hop) float32.
    """
    hop_samples = len(window) // 4
    source = harmonic_source(pitch_hz, hop_samples, sample_rate_hz)
    # envelopes of bands become those of bins: (B, F, n_fft // 2 + 1)
    harmonic, hiss = (
        ((envelope + _START_LOG_AMPLITUDE) @ bands).clamp(max=_MAX_LOG_AMPLITUDE)
        for envelope in (harmonic_envelope, noise_envelope)
    )
    voiced = spectrum_frames(source, window, hop_samples) * minimum_phase(harmonic)
    unvoiced = spectrum_frames(noise, window, hop_samples) * hiss.exp()
    return samples_from_spectrum(voiced + unvoiced, window, hop_samples)
