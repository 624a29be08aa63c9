"""The visitor's own voices: a folder of safetensors files, one per name."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import VoiceError

VOICE_SUFFIX = ".safetensors"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def user_voice_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where voices added by `python -m app voice add` live: the XDG data folder.

    Args:
        environment: read instead of the process's own.
    """
    values = os.environ if environment is None else environment
    data_home = values.get("XDG_DATA_HOME", "")
    root = Path(data_home) if Path(data_home).is_absolute() else Path.home() / ".local" / "share"
    return root / "colloquy" / "voices"


def check_voice_name(name: str) -> str:
    """Give the name back if it can be a file name and be typed after `--voice S1=`.

    Raises:
        VoiceError: naming what is allowed.
    """
    if not _NAME.fullmatch(name):
        raise VoiceError(
            f"{name!r} cannot be a voice name; use 1 to 40 lower-case letters, digits, "
            "'-' or '_', starting with a letter or digit, for example 'anna-2'"
        )
    return name


class VoiceLibrary:
    """The folder of added voices.

    Args:
        folder: made when the first voice is added.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Names of the added voices, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(path.stem for path in self.folder.glob(f"*{VOICE_SUFFIX}"))

    def path(self, name: str) -> Path:
        """The file of a voice, whether or not it exists yet.

        Raises:
            VoiceError: if the name is not allowed.
        """
        return self.folder / f"{check_voice_name(name)}{VOICE_SUFFIX}"
