"""Choose a device and the number type it computes in, when asked; nothing happens at import."""

from pathlib import Path

import torch

from pipeline.errors import ConfigError


def choose_device(name: str = "auto") -> torch.device:
    """Turn "auto", "cpu", "cuda", "cuda:1" or "mps" into a device that exists here.

    Raises:
        ConfigError: if the device is unknown or absent.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device {name!r} cannot be used here; try 'auto' or 'cpu'") from error
    return device


def inference_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it, float32 elsewhere."""
    if device.type == "cuda":
        return torch.bfloat16
    if device.type == "cpu" and _cpu_flags() & {"avx512_bf16", "amx_bf16"}:
        return torch.bfloat16
    return torch.float32


def inference_autocast(device: torch.device, dtype: torch.dtype | None = None) -> torch.autocast:
    """Compute in a number type, or by default in that of `inference_dtype`; float32: as written."""
    dtype = dtype or inference_dtype(device)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def _cpu_flags() -> set[str]:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.is_file():
        return set()
    for line in cpuinfo.read_text(encoding="utf-8").splitlines():
        if line.startswith("flags"):
            return set(line.split(":", 1)[1].split())
    return set()
