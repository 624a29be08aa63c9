"""Speaker encoder: sound → a unit vector that tells who speaks, and little of what is said.

Log-mel frames → ConvNeXt blocks → attentive statistics (Okabe et al., arXiv 1803.10963) → linear.
"""

from pathlib import Path
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.speaker import SpeakerConfig
from pipeline.errors import ShapeError
from pipeline.files.checkpoint import load_config, load_network
from pipeline.layers.convnext import ConvNeXtBlock
from pipeline.layers.stft import mel_filterbank, spectrum_frames

_MLP_FACTOR = 3
_SILENT_POWER = 1e-12
_MEL_FLOOR = 1e-3
"""In units of a sound at full RMS: about 60 dB below loud speech, where prompts hold only noise."""


class SpeakerEncoder(nn.Module):
    """Embeds sound by its speaker; the loudness of the sound makes no difference.

    Args:
        config: its shape.
    """

    window: Tensor
    mel_filters: Tensor

    def __init__(self, config: SpeakerConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)
        filters = mel_filterbank(config.n_mels, config.n_fft, config.sample_rate_hz)
        self.register_buffer("mel_filters", filters, persistent=False)
        self.enter = nn.Linear(config.n_mels, config.dim)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(config.dim, _MLP_FACTOR * config.dim) for _ in range(config.n_blocks)
        )
        self.norm = nn.LayerNorm(config.dim)
        self.attention = nn.Sequential(
            nn.Linear(config.dim, config.attention_dim),
            nn.Tanh(),
            nn.Linear(config.attention_dim, config.dim),
        )
        self.leave = nn.Linear(2 * config.dim, config.embedding_dim)

    @classmethod
    def load(cls, folder: Path, device: torch.device) -> Self:
        """Read a trained encoder, ready to embed.

        Raises:
            CheckpointError: if files are missing or damaged.
            ConfigError: if the config holds unknown or missing keys.
        """
        encoder = cls(load_config(folder, SpeakerConfig))
        load_network(folder, encoder)
        return encoder.to(device).eval().requires_grad_(False)

    def forward(self, samples: Tensor, n_samples: Tensor | None = None) -> Tensor:
        """Embed sounds.

        Args:
            samples: (B, N) float32 at the config's rate, any level, N at least 1.
            n_samples: (B,) int64 in [1, N]: how many samples of each row are sound; what follows is
                padding and makes no difference. `None`: all.

        Returns:
            (B, embedding_dim) float32, each of length 1.

        Raises:
            ShapeError: if the axes are not (B, N) and (B,), or a row holds no sample.
        """
        if samples.ndim != 2 or samples.shape[1] == 0:
            raise ShapeError(
                f"the speaker encoder takes samples (batch, at least 1), got {tuple(samples.shape)}"
            )
        B, N = samples.shape
        if n_samples is None:
            n_samples = torch.full((B,), N, device=samples.device)
        if n_samples.shape != (B,) or int(n_samples.min()) < 1 or int(n_samples.max()) > N:
            raise ShapeError(f"each of {B} sounds needs a length from 1 to {N} samples")
        mel, valid = self._log_mel(samples.to(torch.float32), n_samples.to(samples.device))
        hidden: Tensor = self.enter(mel) * valid
        for block in self.blocks:
            # Padding stays zero, which is what the convolution sees beyond the end of a sound.
            hidden = block(hidden) * valid
        embedding: Tensor = self.leave(self._statistics(self.norm(hidden), valid))
        return F.normalize(embedding.float(), dim=-1)

    def _log_mel(self, samples: Tensor, n_samples: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, n_mels) float32 at one loudness for all, and (B, T, 1) bool: no padding."""
        hop = self.config.hop_samples
        samples = F.pad(samples, (0, -samples.shape[1] % hop))
        places = torch.arange(samples.shape[1], device=samples.device)
        samples = samples * (places < n_samples[:, None])
        power = samples.square().sum(1) / n_samples
        samples = samples / power.clamp(min=_SILENT_POWER).sqrt()[:, None]
        # The scale makes a band of a sound at RMS 1 about 1 high, whatever the window.
        magnitudes = spectrum_frames(samples, self.window, hop).abs() / self.window.norm()
        mel = (magnitudes @ self.mel_filters).clamp(min=_MEL_FLOOR).log()
        n_frames = -(-n_samples // hop)
        frames = torch.arange(mel.shape[1], device=samples.device)
        return mel, (frames < n_frames[:, None]).unsqueeze(-1)

    def _statistics(self, hidden: Tensor, valid: Tensor) -> Tensor:
        """(B, 2 D) float32: mean and standard deviation over the frames that attention picks."""
        scores = self.attention(hidden).float().masked_fill(~valid, float("-inf"))
        weights, hidden = torch.softmax(scores, dim=1), hidden.float()
        mean = (weights * hidden).sum(1)
        variance = (weights * (hidden - mean[:, None]).square()).sum(1)
        return torch.cat([mean, variance.clamp(min=1e-6).sqrt()], dim=-1)
