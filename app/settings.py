"""How the server is set up: environment variables and the flags of `python app.py`."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

from pipeline.config.limits import LimitsConfig
from pipeline.errors import ConfigError

_LIMITS = LimitsConfig()
_OTHER_NAMES = {
    "host": "GRADIO_SERVER_NAME",
    "port": "GRADIO_SERVER_PORT",
    "root_path": "GRADIO_ROOT_PATH",
}


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(allow_inf_nan=False))
class ServiceConfig:
    """What the server offers, and to whom; the descriptions are what `--help` says."""

    host: str = Field(
        "127.0.0.1",
        description="address to listen at; 0.0.0.0 lets other machines in (127.0.0.1)",
    )
    port: int | None = Field(
        None, ge=1, le=65_535, description="port to listen at (the first free one from 7860)"
    )
    root_path: str = Field(
        "", description="path at which a proxy in front shows the page, such as /colloquy"
    )
    model: str = Field("small", description="a shipped size or a folder of weights (small)")
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps (auto)")
    queue_length: int = Field(
        20, ge=0, le=10_000, description="most runs that wait; one more is refused (20)"
    )
    runs_at_once: int = Field(1, ge=1, le=64, description="runs that compute at the same time (1)")
    max_script_characters: int = Field(
        _LIMITS.max_script_characters,
        ge=1,
        le=_LIMITS.max_script_characters,
        description=f"of one script ({_LIMITS.max_script_characters})",
    )
    max_recording_s: float = Field(
        _LIMITS.max_recording_s,
        ge=_LIMITS.min_recording_s,
        le=_LIMITS.max_recording_s,
        description=f"seconds of a voice's recording ({_LIMITS.max_recording_s:g})",
    )
    max_upload_mb: int = Field(50, ge=1, le=2_000, description="megabytes of an uploaded file (50)")
    max_body_mb: int = Field(64, ge=1, le=2_000, description="megabytes of any other request (64)")
    keep_after_leaving_s: float = Field(
        900.0,
        ge=0,
        le=30 * 86_400,
        description="seconds a visitor's work outlives their page (900)",
    )
    keep_results_s: float = Field(
        86_400.0, ge=60, le=365 * 86_400, description="seconds that files can be fetched (86400)"
    )
    mcp: bool = Field(
        False,
        description="let language models speak, list voices, estimate and parse, by MCP (no)",
    )
    api_key: str = Field("", repr=False)


_FIELDS: dict[str, FieldInfo] = vars(ServiceConfig)["__pydantic_fields__"]
_SETTINGS = {name: setting for name, setting in _FIELDS.items() if name != "api_key"}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; --help shows the flags of {self.prog}")


def service_config_from(environment: Mapping[str, str], arguments: Sequence[str]) -> ServiceConfig:
    """The settings of a server.

    Every setting has a flag, "--queue-length", and a variable, "COLLOQUY_QUEUE_LENGTH"; a flag
    wins. The key comes from COLLOQUY_API_KEY, or from a file that COLLOQUY_API_KEY_FILE or
    --api-key-file names: other users of the machine could see a key among the arguments.
    GRADIO_SERVER_NAME, GRADIO_SERVER_PORT and GRADIO_ROOT_PATH count where ours are not set.

    Args:
        environment: variables by name.
        arguments: without the program's name.

    Raises:
        ConfigError: naming the flag or variable that cannot be understood, and what would work.
        SystemExit: after `--help` has been printed.
    """
    flags = vars(_parser().parse_args(arguments))
    given = {name: _find(name, flags, environment) for name in _SETTINGS}
    values = {name: value for name, (_, value) in given.items() if value is not None}
    values["api_key"] = _read_key(flags["api_key_file"], environment)
    try:
        return ServiceConfig(**values)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        source, value = given[name]
        raise ConfigError(f"{source} must be {_wanted(_SETTINGS[name])}, read {value!r}") from error


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python app.py",
        description="Show the page and answer the HTTP API until stopped.",
        allow_abbrev=False,
    )
    for name, setting in _SETTINGS.items():
        flag, text = "--" + name.replace("_", "-"), setting.description
        if name == "mcp":
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, help=text)
        else:
            parser.add_argument(flag, metavar="VALUE", help=text)
    parser.add_argument(
        "--api-key-file", metavar="FILE", help="its first line is what API clients must send"
    )
    return parser


def _find(
    name: str, flags: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[str, Any | None]:
    """Where a setting is given, and what is written there; `None` if nowhere."""
    if flags[name] is not None:
        return "--" + name.replace("_", "-"), flags[name]
    for variable in (f"COLLOQUY_{name.upper()}", _OTHER_NAMES.get(name, "")):
        if environment.get(variable, "").strip():
            return variable, environment[variable].strip()
    return "", None


def _wanted(setting: FieldInfo) -> str:
    """What a setting must be, in words."""
    if setting.annotation is bool:
        return "yes or no"
    bounds = {name: getattr(each, name) for each in setting.metadata for name in each.__slots__}
    whole = "a number" if setting.annotation is float else "a whole number"
    return f"{whole} from {bounds['ge']:g} to {bounds['le']:.0f}"


def _read_key(flag: str | None, environment: Mapping[str, str]) -> str:
    source = "COLLOQUY_API_KEY" if environment.get("COLLOQUY_API_KEY") else ""
    key = environment.get("COLLOQUY_API_KEY", "")
    path = flag or ("" if source else environment.get("COLLOQUY_API_KEY_FILE", ""))
    if path:
        source, key = path, _first_line(path)
    key = key.strip()
    if source and (not key or not key.isascii() or not key.isprintable() or " " in key):
        raise ConfigError(
            f"{source}: an API key is one word of ASCII letters, digits and signs; write one there"
        )
    return key


def _first_line(path: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(
            f"the API key cannot be read from {path}: {reason}; name a text file"
        ) from error
    return lines[0] if lines else ""
