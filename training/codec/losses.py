"""How far two sounds are apart, seen through windows of several lengths."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pipeline.layers.stft import mel_filterbank

_FLOOR = 1e-3
_MELS_PER_BIN = 0.16


class SpectralLosses(nn.Module):
    """Log-mel and linear-magnitude distances at several window lengths.

    Each window advances by a quarter of its length. Short windows judge timing, long ones pitch.

    Args:
        sample_rate_hz: of the sounds compared.
        window_samples: window lengths; powers of two are fastest.
    """

    def __init__(
        self, sample_rate_hz: int, window_samples: Sequence[int] = (256, 512, 1024, 2048)
    ) -> None:
        super().__init__()
        self.window_samples = tuple(window_samples)
        for n in self.window_samples:
            n_mels = min(100, max(20, round(_MELS_PER_BIN * n)))
            self.register_buffer(f"window_{n}", torch.hann_window(n), persistent=False)
            self.register_buffer(
                f"mel_{n}", mel_filterbank(n_mels, n, sample_rate_hz), persistent=False
            )

    def forward(self, made: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Mean distances over all windows.

        Args:
            made: (B, N) float32; gradients flow into it.
            wanted: (B, N) float32.

        Returns:
            Two 0-d float32: the mean absolute difference of log-mel values (nepers), and that of
            linear magnitudes as a share of the mean magnitude wanted.
        """
        distances = [self._distances(made, wanted, n) for n in self.window_samples]
        mel, linear = zip(*distances, strict=True)
        return torch.stack(mel).mean(), torch.stack(linear).mean()

    def _distances(self, made: Tensor, wanted: Tensor, n: int) -> tuple[Tensor, Tensor]:
        window, filters = self.get_buffer(f"window_{n}"), self.get_buffer(f"mel_{n}")
        magnitude = _magnitudes(made, window)
        with torch.no_grad():
            target = _magnitudes(wanted, window)
        # A window adds up about half its length of a steady tone; divided, one floor fits all.
        share = 2.0 / n
        mel = ((magnitude @ filters) * share + _FLOOR).log()
        target_mel = ((target @ filters) * share + _FLOOR).log()
        linear = (magnitude - target).abs().mean() / target.mean().clamp(min=_FLOOR / share)
        return (mel - target_mel).abs().mean(), linear


def _magnitudes(samples: Tensor, window: Tensor) -> Tensor:
    n_fft = len(window)
    spectrum = torch.fft.rfft(samples.unfold(-1, n_fft, n_fft // 4) * window)
    magnitudes: Tensor = (spectrum.real.square() + spectrum.imag.square() + 1e-9).sqrt()
    return magnitudes
