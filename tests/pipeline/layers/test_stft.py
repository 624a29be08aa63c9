import pytest
import torch

from pipeline.layers.stft import mel_filterbank, samples_from_spectrum, spectrum_frames


@pytest.mark.parametrize(("n_fft", "hop"), [(640, 160), (64, 16), (256, 64)])
def test_the_inverse_gives_the_samples_back(n_fft: int, hop: int, rng: torch.Generator) -> None:
    window = torch.hann_window(n_fft)
    samples = torch.randn(2, 25 * hop, generator=rng)
    spectrum = spectrum_frames(samples, window, hop)
    assert spectrum.shape == (2, 25, n_fft // 2 + 1)
    torch.testing.assert_close(
        samples_from_spectrum(spectrum, window, hop), samples, atol=1e-4, rtol=1e-4
    )


def test_a_tone_peaks_in_its_own_bin() -> None:
    time_s = torch.arange(16_000) / 16_000
    spectrum = spectrum_frames(
        torch.sin(2 * torch.pi * 1000 * time_s)[None], torch.hann_window(640), 160
    )
    assert spectrum[0, 50].abs().argmax() == 1000 * 640 // 16_000


@pytest.mark.parametrize(("n_mels", "n_fft"), [(80, 640), (41, 256), (100, 2048)])
def test_every_mel_filter_covers_a_bin_and_none_exceeds_one(n_mels: int, n_fft: int) -> None:
    filters = mel_filterbank(n_mels, n_fft, 16_000)
    assert filters.shape == (n_fft // 2 + 1, n_mels)
    assert float(filters.amax()) <= 1.0
    assert float(filters.sum(0).amin()) > 0.0
    peaks = filters.argmax(0)
    assert bool((peaks.diff() >= 0).all())
