"""Short-time spectra whose frames fit their hops exactly: N samples give N / hop frames, and back.

The window of frame t is centred on hop t ("same" padding, as in Vocos, arXiv 2306.00814): no frame
is lost or added at the edges, so that codec frames, samples and seconds convert without remainders.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def mel_filterbank(n_mels: int, n_fft: int, sample_rate_hz: int) -> Tensor:
    """Triangular filters, evenly spaced on the mel scale from 0 Hz to half the sample rate.

    Args:
        n_mels: filters.
        n_fft: samples under the analysis window.
        sample_rate_hz: samples per second.

    Returns:
        (n_fft // 2 + 1, n_mels) float32, each filter with a peak of at most 1 and at least one bin.
    """
    bin_hz = torch.linspace(0.0, sample_rate_hz / 2, n_fft // 2 + 1, dtype=torch.float64)
    # even steps in mel, back in Hz; a filter spans three edges: (n_mels + 2,)
    shares = torch.linspace(0.0, 1.0, n_mels + 2, dtype=torch.float64)
    edges_hz = 700.0 * (10.0 ** (shares * hz_to_mel(bin_hz[-1]) / 2595.0) - 1.0)
    # A low filter can fall between two bins; no triangle is narrower than one bin to either side.
    width_hz = edges_hz.diff().clamp(min=sample_rate_hz / n_fft)
    # (bins, n_mels): up to 1 at the middle edge, down after it
    distance_hz = bin_hz[:, None] - edges_hz[None, 1:-1]
    rising, falling = 1.0 + distance_hz / width_hz[:-1], 1.0 - distance_hz / width_hz[1:]
    return torch.minimum(rising, falling).clamp(min=0.0).to(torch.float32)


def hz_to_mel(hz: Tensor) -> Tensor:
    """The mel scale: even steps of it sound about equally far apart."""
    return 2595.0 * torch.log10(1.0 + hz / 700.0)


def spectrum_frames(samples: Tensor, window: Tensor, hop_samples: int) -> Tensor:
    """Complex spectra of windows centred on each hop.

    Args:
        samples: (B, N) float32, N a multiple of `hop_samples`.
        window: (n_fft,) float32.
        hop_samples: samples between windows.

    Returns:
        (B, N / hop_samples, n_fft // 2 + 1) complex64.
    """
    n_fft = len(window)
    # zeros around, so that a window is centred on its hop
    before = (n_fft - hop_samples) // 2
    padded = F.pad(samples, (before, n_fft - hop_samples - before))
    # (B, N / hop, n_fft) → (B, N / hop, n_fft // 2 + 1)
    spectrum: Tensor = torch.fft.rfft(padded.unfold(-1, n_fft, hop_samples) * window)
    return spectrum


def samples_from_spectrum(spectrum: Tensor, window: Tensor, hop_samples: int) -> Tensor:
    """Least-squares inverse of `spectrum_frames`.

    Args:
        spectrum: (B, T, n_fft // 2 + 1) complex64.
        window: (n_fft,) float32; `n_fft` is a multiple of `hop_samples`.
        hop_samples: samples between windows.

    Returns:
        (B, T * hop_samples) float32.
    """
    n_fft, n_frames = len(window), spectrum.shape[1]
    # each frame back in time, windowed again: (B, T, n_fft)
    frames = torch.fft.irfft(spectrum, n=n_fft) * window
    # what the squared windows add up to at every sample
    weights = (window * window).expand(1, n_frames, n_fft)
    before = (n_fft - hop_samples) // 2
    span = slice(before, before + n_frames * hop_samples)
    return _overlap_add(frames, hop_samples)[:, span] / _overlap_add(weights, hop_samples)[
        :, span
    ].clamp(min=1e-6)


def _overlap_add(frames: Tensor, hop_samples: int) -> Tensor:
    B, T, n_fft = frames.shape
    n_hops = n_fft // hop_samples
    # hop i of frame t belongs to hop t + i of the sound
    parts = frames.reshape(B, T, n_hops, hop_samples)
    total = frames.new_zeros(B, T + n_hops - 1, hop_samples)
    for i in range(n_hops):
        total = total + F.pad(parts[:, :, i], (0, 0, i, n_hops - 1 - i))
    return total.reshape(B, -1)
