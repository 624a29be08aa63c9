"""EnCodec (arXiv:2210.13438) behind the `Codec` interface, through transformers.

The 24 kHz model: one code frame per 320 samples, 75 a second, 8 levels of 1024 codes at 6 kbit/s.
"""

import hashlib
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers import EncodecModel

from pipeline.errors import CheckpointError, ConfigError, ShapeError

BANDWIDTH_KBPS = 6.0


class EncodecCodec:
    """A pretrained EnCodec, frozen; implements `Codec`.

    Args:
        model: mono, neither chunked nor normalised, as the 24 kHz model is.
        bandwidth_kbps: one of the model's own; it fixes the number of levels.

    Raises:
        ConfigError: if the model is of another kind or does not know the bandwidth.
    """

    def __init__(self, model: EncodecModel, bandwidth_kbps: float = BANDWIDTH_KBPS) -> None:
        config = model.config
        if config.audio_channels != 1 or config.normalize or config.chunk_length_s is not None:
            raise ConfigError(
                "this EnCodec is stereo, normalised or chunked; the mono 24 kHz one works "
                "(facebook/encodec_24khz)"
            )
        if bandwidth_kbps not in config.target_bandwidths:
            raise ConfigError(
                f"EnCodec has no bandwidth {bandwidth_kbps:g} kbit/s; choose from "
                f"{config.target_bandwidths}"
            )
        model.requires_grad_(False)
        model.train(False)
        self._model = model
        self._bandwidth_kbps = bandwidth_kbps
        self._n_levels = int(model.quantizer.get_num_quantizers_for_bandwidth(bandwidth_kbps))
        self._identity = _fingerprint(self.codebooks)

    @classmethod
    def load(
        cls, source: str | Path, device: torch.device, bandwidth_kbps: float | None = None
    ) -> Self:
        """Read a pretrained EnCodec.

        Args:
            source: a local folder written by `save_pretrained`, or a name on the model hub.
            device: where it shall run.
            bandwidth_kbps: one of the model's own; `None`: its only one, as `save` leaves it, or 6.

        Raises:
            CheckpointError: if the model cannot be found, is damaged or lacks weights.
            ConfigError: if it is another kind of EnCodec or does not know the bandwidth.
        """
        try:
            loaded: Any = EncodecModel.from_pretrained(str(source), output_loading_info=True)
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise CheckpointError(
                f"EnCodec {source} cannot be loaded: {error}; give a folder with config.json and "
                "model.safetensors, or facebook/encodec_24khz"
            ) from error
        model, report = loaded
        missing = sorted(report["missing_keys"])
        if missing:  # transformers would fill them with random numbers
            raise CheckpointError(
                f"EnCodec {source} lacks {len(missing)} weights, first {missing[0]}; restore it"
            )
        if bandwidth_kbps is None:
            offered = model.config.target_bandwidths
            bandwidth_kbps = offered[0] if len(offered) == 1 else BANDWIDTH_KBPS
        return cls(model.to(device), bandwidth_kbps)

    def save(self, folder: Path) -> None:
        """Write config and weights, only the levels in use; `load` needs nothing else."""
        del self._model.quantizer.layers[self._n_levels :]
        self._model.config.target_bandwidths = [self._bandwidth_kbps]
        self._model.save_pretrained(folder)

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second."""
        return int(self._model.config.sampling_rate)

    @property
    def frame_rate_hz(self) -> float:
        """Acoustic frames per second."""
        return self.sample_rate_hz / int(self._model.config.hop_length)

    @property
    def n_levels(self) -> int:
        """Q, as many as the bandwidth pays for."""
        return self._n_levels

    @property
    def n_codes(self) -> int:
        """V."""
        return int(self._model.config.codebook_size)

    @property
    def identity(self) -> str:
        """Fingerprint of the codebooks in use."""
        return self._identity

    @property
    def codebooks(self) -> Tensor:
        """(Q, V, code_dim) float32, the vectors that are summed."""
        layers: list[Any] = list(self._model.quantizer.layers)[: self._n_levels]
        return torch.stack([layer.codebook.embed for layer in layers]).float()

    @torch.inference_mode()
    def encode(self, samples: Tensor) -> Tensor:
        """Turn sound into codes.

        Args:
            samples: (B, N) float32 in [-1, 1], N at least 1.

        Returns:
            (B, Q, T) int64, T = ceil(N / hop), coarse level first.

        Raises:
            ShapeError: if there are no samples or the axes are others.
        """
        if samples.ndim != 2 or samples.shape[-1] == 0:
            raise ShapeError(f"samples of shape {tuple(samples.shape)}; (B, N) with N > 0 works")
        sound = samples.to(self._model.device, torch.float32)[:, None]
        encoded: Any = self._model.encode(sound, bandwidth=self._bandwidth_kbps)
        codes: Tensor = encoded.audio_codes
        return codes[0]

    @torch.inference_mode()
    def decode(self, codes: Tensor) -> Tensor:
        """Turn codes into sound.

        Args:
            codes: (B, Q, T) int64, T at least 1.

        Returns:
            (B, T * hop) float32.

        Raises:
            ShapeError: if there are no frames or the levels are others.
        """
        if codes.ndim != 3 or codes.shape[1] != self._n_levels or codes.shape[2] == 0:
            raise ShapeError(
                f"codes of shape {tuple(codes.shape)}; (B, {self._n_levels}, T) with T > 0 works"
            )
        model: Any = self._model  # its annotations ask for scales that it does without
        sound: Tensor = model.decode(codes.to(model.device)[None], [None]).audio_values
        return sound[:, 0]


def _fingerprint(codebooks: Tensor) -> str:
    digest = hashlib.sha256(codebooks.cpu().contiguous().numpy().tobytes()).hexdigest()
    return f"encodec-{digest[:16]}"
