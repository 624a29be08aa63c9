"""Judges of real and made sound: linear layers and 1-D blocks over STFT frames.

Two-dimensional convolutions, as other codecs have, would cost a CPU many times the codec itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline.layers.convnext import ConvNeXtBlock


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscriminatorOutput:
    """What one discriminator says.

    Attributes:
        scores: (B, T, n_bands) float32, high for real.
        features: hidden states (B, T, D) on the way there.
    """

    scores: Tensor
    features: tuple[Tensor, ...]


class FrameDiscriminator(nn.Module):
    """Judges frames of one window length, band by band, with some frames of context.

    Args:
        window_samples: n_fft; the hop is a quarter.
        dim: width.
        n_blocks: blocks over time.
        n_bands: outputs per frame.
    """

    window: Tensor

    def __init__(self, window_samples: int, dim: int, n_blocks: int, n_bands: int = 8) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(window_samples), persistent=False)
        self.read = nn.Linear(2 * (window_samples // 2 + 1), dim)
        self.blocks = nn.ModuleList(ConvNeXtBlock(dim, 2 * dim, scale=0.5) for _ in range(n_blocks))
        self.judge = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, n_bands))

    def forward(self, samples: Tensor) -> DiscriminatorOutput:
        """Judge sound.

        Args:
            samples: (B, N) float32, N at least the window.
        """
        n_fft = len(self.window)
        with torch.autocast(samples.device.type, enabled=False):
            frames = samples.unfold(-1, n_fft, n_fft // 4) * self.window
            spectrum = torch.view_as_real(torch.fft.rfft(frames))
            power = spectrum.square().sum(-1, keepdim=True)
            # Compressed magnitudes, phases kept: quiet detail counts as loud detail does.
            compressed = (spectrum * (power + 1e-4) ** -0.35).flatten(2)
        hidden = self.read(compressed).to(torch.float32)
        features = []
        for block in self.blocks:
            hidden = block(hidden)
            features.append(hidden)
        return DiscriminatorOutput(
            scores=self.judge(hidden).to(torch.float32), features=tuple(features)
        )


class Discriminators(nn.Module):
    """One `FrameDiscriminator` for each window length.

    Args:
        window_samples: the lengths.
        dim: width of each.
        n_blocks: blocks of each.
    """

    def __init__(
        self, window_samples: Sequence[int] = (256, 512, 1024), dim: int = 192, n_blocks: int = 3
    ) -> None:
        super().__init__()
        self.judges = nn.ModuleList(FrameDiscriminator(n, dim, n_blocks) for n in window_samples)

    def forward(self, samples: Tensor) -> list[DiscriminatorOutput]:
        """Judge (B, N) float32 sound, once per window length."""
        return [judge(samples) for judge in self.judges]


def discriminator_loss(outputs: Sequence[DiscriminatorOutput]) -> Tensor:
    """Hinge loss of the judges: real above 1, made below -1.

    Args:
        outputs: on a batch whose first half is real and whose second half is made.

    Returns:
        0-d float32.
    """
    losses = []
    for output in outputs:
        real, made = output.scores.chunk(2)
        losses.append(torch.relu(1.0 - real).mean() + torch.relu(1.0 + made).mean())
    return torch.stack(losses).mean()


def deception_loss(made: Sequence[DiscriminatorOutput]) -> Tensor:
    """Hinge loss of the generator: made sound should score high. 0-d float32."""
    return torch.stack([torch.relu(1.0 - m.scores).mean() for m in made]).mean()


def feature_loss(
    real: Sequence[DiscriminatorOutput], made: Sequence[DiscriminatorOutput]
) -> Tensor:
    """Mean absolute difference of hidden states, as a share of their size. 0-d float32."""
    losses = [
        (f_made - f_real.detach()).abs().mean() / f_real.detach().abs().mean().clamp(min=1e-3)
        for r, m in zip(real, made, strict=True)
        for f_real, f_made in zip(r.features, m.features, strict=True)
    ]
    return torch.stack(losses).mean()
