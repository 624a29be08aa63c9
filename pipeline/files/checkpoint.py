"""Folder ⇄ (config.json, model.safetensors): written atomically, read strictly.

A damaged, missing or foreign file is a `CheckpointError` that names the file; unknown or missing
config keys are a `ConfigError` that names the keys.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from pipeline.errors import CheckpointError
from pipeline.files.atomic import write_atomically, write_text
from pipeline.files.schema import ConfigT, config_from_dict, config_to_dict

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"


def save_config(folder: Path, config: Any) -> None:
    """Write `config.json` into the folder."""
    text = json.dumps(config_to_dict(config), indent=2) + "\n"
    write_text(folder / CONFIG_NAME, text)


def load_config(folder: Path, kind: type[ConfigT]) -> ConfigT:
    """Read `config.json` from the folder.

    Raises:
        CheckpointError: if the file is missing or is not JSON.
        ConfigError: if keys are unknown, missing or of the wrong type.
    """
    path = folder / CONFIG_NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing; `python -m training.recipe` makes it") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    return config_from_dict(kind, values, str(path))


def save_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors (any axes, any dtype) to one safetensors file, atomically."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, lambda file: save_file(contiguous, file, metadata=dict(metadata or {})))


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read every tensor of a safetensors file, memory-mapped, on the CPU.

    Raises:
        CheckpointError: if the file is missing or damaged.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} is missing")
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}); restore it or train it again"
        ) from error


def save_network(
    folder: Path, config: Any, network: nn.Module, dtype: torch.dtype = torch.float16
) -> None:
    """Write a network's config and weights; floating-point weights are stored as `dtype`."""
    state = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
    }
    save_config(folder, config)
    save_tensors(folder / WEIGHTS_NAME, state)


class NoRandomStart(TorchFunctionMode):
    """Networks built inside begin at zero: `load_network` overwrites all that would be drawn.

    Nothing is left as the memory was: who draws until all numbers lie in bounds would never end.
    """

    _DRAWS = (
        Tensor.uniform_,
        Tensor.normal_,
        nn.init.uniform_,
        nn.init.normal_,
        nn.init.trunc_normal_,
        nn.init.kaiming_uniform_,
        nn.init.xavier_uniform_,
    )

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Zeros in place of what would be drawn."""
        given = kwargs or {}
        if func in self._DRAWS:
            return (args[0] if args else given["tensor"]).data.zero_()
        return func(*args, **given)


def load_network(folder: Path, network: nn.Module) -> None:
    """Fill a network built from the folder's config with the folder's weights.

    Raises:
        CheckpointError: if the weights are missing, damaged, not finite, or of another shape.
    """
    path = folder / WEIGHTS_NAME
    state = load_tensors(path)
    for name, tensor in state.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(
                f"{path}: {name} holds values that are not finite; restore the file"
            )
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"{path} does not fit {folder / CONFIG_NAME}: {error}") from error
