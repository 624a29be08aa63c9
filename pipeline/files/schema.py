"""JSON values as frozen dataclasses: nothing unknown, nothing missing, nothing of another kind."""

import dataclasses
import reprlib
import sys
import types
import typing
from collections.abc import Mapping
from types import NoneType
from typing import Any, TypeVar

from pipeline.errors import ConfigError

ConfigT = TypeVar("ConfigT")


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
