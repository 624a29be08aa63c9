"""How the server is set up: environment variables and the flags of `python app.py`."""

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NoReturn

from pipeline.config.limits import LimitsConfig
from pipeline.errors import ConfigError

_LIMITS = LimitsConfig()
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_OTHER_NAMES = {
    "host": "GRADIO_SERVER_NAME",
    "port": "GRADIO_SERVER_PORT",
    "root_path": "GRADIO_ROOT_PATH",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConfig:
    """What the server offers, and to whom.

    Attributes:
        host: address to listen at.
        port: `None`: the first free one from 7860.
        root_path: path at which a proxy in front shows us; empty if there is none.
        model: a shipped size or a folder of weights.
        device: as in `DialoguePipeline.load`.
        queue_length: most runs that wait; one more is refused.
        runs_at_once: runs that compute at the same time.
        max_script_characters: of one script.
        max_recording_s: of a voice's recording.
        max_upload_mb: of an uploaded file.
        max_body_mb: of any other request.
        keep_after_leaving_s: how long a visitor's work outlives their page.
        keep_results_s: how long files that were made can be fetched.
        mcp: whether language models may speak, list voices, estimate and parse, by MCP.
        api_key: what clients of the HTTP API must send; empty: nothing.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    root_path: str = ""
    model: str = "small"
    device: str = "auto"
    queue_length: int = 20
    runs_at_once: int = 1
    max_script_characters: int = _LIMITS.max_script_characters
    max_recording_s: float = _LIMITS.max_recording_s
    max_upload_mb: int = 50
    max_body_mb: int = 64
    keep_after_leaving_s: float = 900.0
    keep_results_s: float = 86_400.0
    mcp: bool = False
    api_key: str = field(default="", repr=False)


_RANGES: Mapping[str, tuple[float, float]] = {
    "port": (1, 65_535),
    "queue_length": (0, 10_000),
    "runs_at_once": (1, 64),
    "max_script_characters": (1, _LIMITS.max_script_characters),
    "max_recording_s": (_LIMITS.min_recording_s, _LIMITS.max_recording_s),
    "max_upload_mb": (1, 2_000),
    "max_body_mb": (1, 2_000),
    "keep_after_leaving_s": (0, 30 * 86_400),
    "keep_results_s": (60, 365 * 86_400),
}
_HELP = {
    "host": "address to listen at; 0.0.0.0 lets other machines in (127.0.0.1)",
    "port": "port to listen at (the first free one from 7860)",
    "root_path": "path at which a proxy in front shows the page, such as /colloquy",
    "model": "a shipped size or a folder of weights (small)",
    "device": "auto, cpu, cuda, cuda:1 or mps (auto)",
    "queue_length": "most runs that wait; one more is refused (20)",
    "runs_at_once": "runs that compute at the same time (1)",
    "max_script_characters": f"of one script ({_LIMITS.max_script_characters})",
    "max_recording_s": f"seconds of a voice's recording ({_LIMITS.max_recording_s:g})",
    "max_upload_mb": "megabytes of an uploaded file (50)",
    "max_body_mb": "megabytes of any other request (64)",
    "keep_after_leaving_s": "seconds a visitor's work outlives their page (900)",
    "keep_results_s": "seconds that files can be fetched (86400)",
    "mcp": "let language models speak, list voices, estimate and parse, by MCP (no)",
}


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
    values: dict[str, Any] = {}
    for setting in fields(ServiceConfig):
        name = setting.name
        if name == "api_key":
            continue
        source, text = _find(name, flags, environment)
        if text is not None:
            values[name] = _read(source, name, str(setting.type), text)
    return ServiceConfig(**values, api_key=_read_key(flags["api_key_file"], environment))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python app.py",
        description="Show the page and answer the HTTP API until stopped.",
        allow_abbrev=False,
    )
    for name, text in _HELP.items():
        flag = "--" + name.replace("_", "-")
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


def _read(source: str, name: str, kind: str, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    text = str(value)
    if "bool" in kind:
        if text.casefold() not in (*_YES, *_NO):
            raise ConfigError(f"{source} must be yes or no, read {text!r}")
        return text.casefold() in _YES
    if name not in _RANGES:
        return text
    number = _number(text, whole="int" in kind)
    low, high = _RANGES[name]
    if not low <= number <= high:
        whole = "a whole number" if "int" in kind else "a number"
        raise ConfigError(f"{source} must be {whole} from {low:g} to {high:.0f}, read {text!r}")
    return int(number) if "int" in kind else number


def _number(text: str, whole: bool) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return math.nan


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
