"""Chooses who runs the networks on a CPU: OpenVINO where it is installed and was found faster."""

import importlib.util
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch

from pipeline.errors import CheckpointError, ConfigError
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.text_to_semantic.model import TextToSemantic
from pipeline.tokenizers.codec import Codec
from pipeline.tokenizers.spectral_codec import SpectralCodec

Engine = Literal["auto", "torch", "openvino"]

REACHES_NAME = "reaches.json"
"""Beside SoundStorm's weights: how far from zero the inputs of its linear layers go."""


def choose_engine(wanted: str, device: torch.device) -> str:
    """Turn "auto", "torch" or "openvino" into one of the last two that works here.

    Raises:
        ConfigError: if it is another word, or OpenVINO is wanted and cannot be used.
    """
    if wanted not in ("auto", "torch", "openvino"):
        raise ConfigError(f"there is no engine {wanted!r}; choose 'auto', 'torch' or 'openvino'")
    installed = importlib.util.find_spec("openvino") is not None
    if wanted == "openvino" and (device.type != "cpu" or not installed):
        lacking = "is not installed" if not installed else f"computes on the CPU, not on {device}"
        raise ConfigError(f"openvino {lacking}; choose 'torch', or 'auto' to take what works")
    usual = platform.machine().lower() in ("x86_64", "amd64")
    if wanted == "auto":
        return "openvino" if installed and usual and device.type == "cpu" else "torch"
    return wanted


def read_reaches(folder: Path) -> Mapping[str, float] | None:
    """Reaches of a SoundStorm folder; `None` if it has none, and products stay as wide as usual.

    Raises:
        CheckpointError: if the file cannot be read.
    """
    path = folder / REACHES_NAME
    if not path.is_file():
        return None
    try:
        reaches = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): float(reach) for name, reach in reaches.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}); write it again with "
            "`python -m training.soundstorm.calibrate`, or delete it to do without"
        ) from error


def attach_engines(
    codec: Codec,
    text_to_semantic: TextToSemantic,
    soundstorm: SoundStorm,
    dtype: torch.dtype,
    reaches: Mapping[str, float] | None,
) -> None:
    """Let OpenVINO run the networks in generation, on as many cores as torch would use.

    Args:
        codec: only our own one gets an engine.
        text_to_semantic: in the number type it decodes in.
        soundstorm: in the number type it decodes in.
        dtype: to compute in, bfloat16 or float32.
        reaches: of `read_reaches`.
    """
    from pipeline.runtime.openvino.codec import SpectrumEngine
    from pipeline.runtime.openvino.soundstorm import ConformerEngine  # needs openvino
    from pipeline.runtime.openvino.text_to_semantic import DecoderEngine

    n_threads = torch.get_num_threads()
    if isinstance(codec, SpectralCodec):
        codec.engine = SpectrumEngine(codec, n_threads, dtype)
    text_to_semantic.engine = DecoderEngine(text_to_semantic, n_threads, dtype)
    soundstorm.engine = ConformerEngine(soundstorm, n_threads, dtype, reaches)
