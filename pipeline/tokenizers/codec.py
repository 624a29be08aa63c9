"""Acoustic alphabet: what every codec offers, and how one is loaded."""

import json
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from pipeline.errors import CheckpointError
from pipeline.files.checkpoint import CONFIG_NAME
from pipeline.tokenizers.spectral_codec import SpectralCodec


class Codec(Protocol):
    """Sound ⇄ codes."""

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second."""

    @property
    def frame_rate_hz(self) -> float:
        """Acoustic frames per second."""

    @property
    def n_levels(self) -> int:
        """Q."""

    @property
    def n_codes(self) -> int:
        """V."""

    @property
    def identity(self) -> str:
        """Fingerprint: codes made by one codec mean nothing to one with another fingerprint."""

    @property
    def codebooks(self) -> Tensor:
        """(Q, V, code_dim) float32, the vectors that are summed."""

    def encode(self, samples: Tensor) -> Tensor:
        """(B, N) float32 in [-1, 1] → (B, Q, T) int64, T = ceil(N / hop), coarse level first."""

    def decode(self, codes: Tensor) -> Tensor:
        """(B, Q, T) int64 → (B, T * hop) float32."""


def load_codec(folder: Path, device: torch.device) -> Codec:
    """Read the codec that a folder holds: EnCodec if its config says so, else `SpectralCodec`.

    Args:
        folder: config and weights.
        device: where it shall run.

    Raises:
        CheckpointError: if files are missing or damaged.
        ConfigError: if the config holds unknown or missing keys.
    """
    path = folder / CONFIG_NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}); `python -m training.recipe` makes it"
        ) from error
    if isinstance(values, dict) and values.get("model_type") == "encodec":
        from pipeline.tokenizers.encodec import EncodecCodec  # transformers takes seconds to import

        return EncodecCodec.load(folder, device)
    return SpectralCodec.load(folder, device)
