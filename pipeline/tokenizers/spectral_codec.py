"""The shipped codec: log-mel → ConvNeXt → residual quantiser → ConvNeXt → inverse STFT.

The decoder is of the family of Vocos (arXiv 2306.00814): it predicts log-magnitude and phase of
STFT frames. Every network works on 50 or 100 frames a second instead of 16,000 samples, which
makes training and running it on a CPU possible. Both networks see a finite stretch of sound, so
that long sound can be decoded in overlapping chunks.
"""

import hashlib
from pathlib import Path
from typing import Protocol, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.networks import CodecConfig
from pipeline.device import inference_autocast
from pipeline.errors import ShapeError
from pipeline.files.checkpoint import load_config, load_network
from pipeline.layers.convnext import ConvNeXtBlock
from pipeline.layers.quantizer import ResidualQuantizer
from pipeline.layers.stft import mel_filterbank, samples_from_spectrum, spectrum_frames

_MLP_FACTOR = 3
_MAX_MAGNITUDE = 300.0
_SILENCE = 1e-4


class FrameEngine(Protocol):
    """Predicts STFT frames elsewhere than in torch; `pipeline.runtime.openvino` has one."""

    def predict_frames(self, latents: Tensor) -> Tensor:
        """See `SpectralCodec.predict_frames`."""


class SpectralCodec(nn.Module):
    """Encoder, residual quantiser and decoder of speech; implements `Codec`.

    Args:
        config: its shape.

    Attributes:
        engine: what predicts frames in `decode`; `None`: torch does.
    """

    window: Tensor
    mel_filters: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.config = config
        self.engine: FrameEngine | None = None
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)
        filters = mel_filterbank(config.n_mels, config.n_fft, config.sample_rate_hz)
        self.register_buffer("mel_filters", filters, persistent=False)
        self.encoder = nn.Sequential(
            nn.Linear(config.upsampling * config.n_mels, config.encoder_dim),
            *_blocks(config.encoder_dim, config.n_encoder_blocks),
            nn.LayerNorm(config.encoder_dim),
            nn.Linear(config.encoder_dim, config.code_dim),
        )
        self.quantizer = ResidualQuantizer(config.n_levels, config.n_codes, config.code_dim)
        self.decoder = nn.Sequential(
            nn.Linear(config.code_dim, config.decoder_dim),
            *_blocks(config.decoder_dim, config.n_decoder_blocks),
            nn.LayerNorm(config.decoder_dim),
            nn.Linear(config.decoder_dim, config.upsampling * config.fine_dim),
        )
        self.fine_decoder = nn.Sequential(
            *_blocks(config.fine_dim, config.n_fine_blocks),
            nn.LayerNorm(config.fine_dim),
            nn.Linear(config.fine_dim, config.n_fft + 2),
        )
        self.apply(_initialise)

    @classmethod
    def load(cls, folder: Path, device: torch.device) -> Self:
        """Read a trained codec, ready to encode and decode.

        Raises:
            CheckpointError: if files are missing or damaged.
            ConfigError: if the config holds unknown or missing keys.
        """
        codec = cls(load_config(folder, CodecConfig))
        load_network(folder, codec)
        return codec.to(device).eval().requires_grad_(False)

    def compute_in(self, dtype: torch.dtype) -> Self:
        """Keep what `decode` multiplies by in a number type: not cast again for every sound."""
        for module in (*self.decoder.modules(), *self.fine_decoder.modules()):
            if isinstance(module, nn.Linear):
                module.to(dtype)
        return self

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second."""
        return self.config.sample_rate_hz

    @property
    def frame_rate_hz(self) -> float:
        """Acoustic frames per second."""
        return self.config.frame_rate_hz

    @property
    def n_levels(self) -> int:
        """Q."""
        return self.config.n_levels

    @property
    def n_codes(self) -> int:
        """V."""
        return self.config.n_codes

    @property
    def codebooks(self) -> Tensor:
        """(Q, V, code_dim) float32."""
        return self.quantizer.codebooks

    @property
    def identity(self) -> str:
        """Fingerprint of the codebooks, 16 hex digits; unchanged by saving and loading."""
        return hashlib.sha256(self.codebooks.cpu().to(torch.float16).numpy().tobytes()).hexdigest()[
            :16
        ]

    @torch.inference_mode()
    def encode(self, samples: Tensor) -> Tensor:
        """Codes of sound, always computed in float32: a voice must have the same codes everywhere.

        Args:
            samples: (B, N) float32 in [-1, 1], N at least 1; silence fills up the last frame.

        Returns:
            (B, Q, T) int64 in [0, V), T = ceil(N / hop).

        Raises:
            ShapeError: if there are no samples or the axes are not (B, N).
        """
        if samples.ndim != 2 or samples.shape[1] == 0:
            raise ShapeError(
                f"encode takes samples (batch, at least 1), got {tuple(samples.shape)}"
            )
        samples = samples.to(self.window.device, torch.float32)
        samples = F.pad(samples, (0, -samples.shape[1] % self.config.hop_samples))
        return self.quantizer.encode(self.latents(samples))

    @torch.inference_mode()
    def decode(self, codes: Tensor) -> Tensor:
        """Sound of codes, in bfloat16 where the device is fast at it; the inverse STFT is float32.

        Args:
            codes: (B, Q', T) int64 in [0, V); the first Q' levels, 1 <= Q' <= Q, T at least 1.

        Returns:
            (B, T * hop) float32.

        Raises:
            ShapeError: if the axes are not (B, Q', T) or an id is out of range.
        """
        if codes.ndim != 3 or not 1 <= codes.shape[1] <= self.n_levels or codes.shape[2] == 0:
            raise ShapeError(
                f"decode takes codes (batch, 1 to {self.n_levels} levels, frames), "
                f"got {tuple(codes.shape)}"
            )
        if int(codes.min()) < 0 or int(codes.max()) >= self.n_codes:
            raise ShapeError(
                f"codes must be in [0, {self.n_codes}), "
                f"got {int(codes.min())} to {int(codes.max())}"
            )
        device = self.window.device
        with inference_autocast(device):
            latents = self.quantizer.decode(codes.to(device))
            if self.engine is not None:
                return self._sound(self.engine.predict_frames(latents.float()))
            return self.waveform(latents)

    def latents(self, samples: Tensor) -> Tensor:
        """What is quantised.

        Args:
            samples: (B, N) float32, N a multiple of the hop.

        Returns:
            (B, N / hop, code_dim) float32.
        """
        with torch.autocast(samples.device.type, enabled=False):
            # (B, N) → (B, N / fine hop, bins) → (B, N / fine hop, n_mels)
            spectrum = spectrum_frames(samples, self.window, self.config.fine_hop_samples)
            log_mel = (spectrum.abs() @ self.mel_filters).clamp(min=_SILENCE).log()
        B, T, n_mels = log_mel.shape
        # `upsampling` fine frames side by side are one frame: (B, N / hop, upsampling * n_mels)
        stacked = log_mel.reshape(B, T // self.config.upsampling, self.config.upsampling * n_mels)
        latents: Tensor = self.encoder(0.5 * stacked)
        return latents.to(torch.float32)

    def waveform(self, latents: Tensor) -> Tensor:
        """Sound of (quantised) latents.

        Args:
            latents: (B, T, code_dim) float32.

        Returns:
            (B, T * hop) float32.
        """
        return self._sound(self.predict_frames(latents))

    def predict_frames(self, latents: Tensor) -> Tensor:
        """Log-magnitude and phase of STFT frames.

        Args:
            latents: (B, T, code_dim) float32.

        Returns:
            (B, T * upsampling, n_fft + 2) float32.
        """
        B, T, _ = latents.shape
        # (B, T, upsampling * fine_dim), then each frame as fine ones in a row
        coarse: Tensor = self.decoder(latents)
        fine = coarse.reshape(B, T * self.config.upsampling, self.config.fine_dim).to(torch.float32)
        frames: Tensor = self.fine_decoder(fine)
        return frames.to(torch.float32)

    def _sound(self, frames: Tensor) -> Tensor:
        """Inverse STFT of `predict_frames`, always in float32."""
        # n_fft // 2 + 1 bins of each
        log_magnitude, phase = frames.chunk(2, dim=-1)
        with torch.autocast(frames.device.type, enabled=False):
            spectrum = torch.polar(log_magnitude.exp().clamp(max=_MAX_MAGNITUDE), phase)
            return samples_from_spectrum(spectrum, self.window, self.config.fine_hop_samples)


def _blocks(dim: int, n_blocks: int) -> list[nn.Module]:
    return [ConvNeXtBlock(dim, _MLP_FACTOR * dim, scale=1.0 / n_blocks) for _ in range(n_blocks)]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.trunc_normal_(module.weight, std=0.02 if isinstance(module, nn.Linear) else 0.1)
        assert module.bias is not None, f"{module} has no bias"
        nn.init.zeros_(module.bias)
