"""Folder ⇄ (config.json, model.safetensors): written atomically, read strictly.

A damaged, missing or foreign file is a `CheckpointError` that names the file; unknown or missing
config keys are a `ConfigError` that names the keys.
"""

import dataclasses
import json
import os
import reprlib
import sys
import tempfile
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from pipeline.errors import CheckpointError, ConfigError

ConfigT = TypeVar("ConfigT")

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it into place in one step.

    Args:
        path: the final name; its folder is created if missing.
        write: fills the file it is given; if it fails, nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def config_to_dict(config: Any) -> dict[str, Any]:
    """A config dataclass as plain JSON values."""
    return dataclasses.asdict(config)


def config_from_dict(
    kind: type[ConfigT], values: Mapping[str, Any], where: str, **given: Any
) -> ConfigT:
    """Build a frozen dataclass of JSON values, refusing unknown and missing keys and wrong types.

    Args:
        kind: the dataclass to build; nested dataclasses are built too, and lists become tuples.
        values: what `config_to_dict` gave.
        where: named in errors.
        given: fields that are no JSON values, such as tensors, ready to be used.

    Raises:
        ConfigError: naming the keys that are unknown or missing, or the value that does not fit.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}: expected an object of settings, read {_shown(values)}")
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    names = {field.name for field in fields} - given.keys()
    unknown, missing = sorted(values.keys() - names), sorted(names - values.keys())
    if unknown or missing:
        raise ConfigError(f"{where}: unknown keys {unknown}, missing keys {missing}")
    read = {
        name: read_value(value, hints[name], f"{where}: {name}") for name, value in values.items()
    }
    return kind(**read, **given)


def read_value(value: Any, kind: Any, where: str) -> Any:
    """A JSON value as the type wanted: nothing is converted but lists to tuples.

    Args:
        value: as `json.loads` gives it.
        kind: `int`, `float`, `str`, `bool`, a `Literal` of words, a dataclass; any of them or
            `None`; a tuple of them, with as many items as it says; or a `Mapping` from names.
        where: named in errors.

    Raises:
        ConfigError: if it is of another type, or a number that is not finite.
    """
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return config_from_dict(typing.cast(type[Any], kind), value, where)
    if origin is tuple:
        return _read_tuple(value, parts, where)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: expected an object, read {_shown(value)}")
        return {name: read_value(each, parts[1], f"{where} {name}") for name, each in value.items()}
    if origin in (typing.Union, types.UnionType):
        wanted = [part for part in parts if part is not NoneType]
        return None if value is None else read_value(value, wanted[0], where)
    return _read_plain(value, kind, where)


def _read_plain(value: Any, kind: Any, where: str) -> Any:
    if typing.get_origin(kind) is typing.Literal:
        choices = typing.get_args(kind)
        if not isinstance(value, str) or value not in choices:
            raise ConfigError(f"{where}: expected one of {choices}, read {_shown(value)}")
        return value
    allowed = (int, float) if kind is float else kind
    if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{where}: expected {kind.__name__}, read {_shown(value)}")
    if kind is float and not abs(value) <= sys.float_info.max:
        raise ConfigError(f"{where}: expected a finite number, read {_shown(value)}")
    return value


def _read_tuple(value: Any, parts: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"{where}: expected a list, read {_shown(value)}")
    kinds = [parts[0]] * len(value) if parts[1:] == (Ellipsis,) else list(parts)
    if len(value) != len(kinds):
        raise ConfigError(f"{where}: expected {len(kinds)} values, read {_shown(value)}")
    return tuple(
        read_value(each, kind, f"{where} {place}")
        for place, (each, kind) in enumerate(zip(value, kinds, strict=True))
    )


def _shown(value: Any) -> str:
    """A value for a message; a number of a thousand digits is no use in one."""
    if isinstance(value, int) and abs(value) >= 10**30:
        return "a huge number"
    return reprlib.repr(value)


def save_config(folder: Path, config: Any) -> None:
    """Write `config.json` into the folder."""
    text = json.dumps(config_to_dict(config), indent=2) + "\n"
    write_text(folder / CONFIG_NAME, text)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""

    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding="utf-8")

    write_atomically(path, write)


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
        raise CheckpointError(f"{path} is missing; `python -m training.all` makes it") from error
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
