"""The errors a caller can cause; each message says what, where and what would work."""


class DialogueError(Exception):
    """A request, a file or a config that cannot work; the message is fit to show a person."""


class ScriptError(DialogueError):
    """A script that cannot be read or spoken.

    Args:
        message: what was read and what would work.
        line: 1-based line of the script, if one line is at fault.
        turn: number of the turn from 0, where a stage that knows no lines is at fault with one.
    """

    def __init__(self, message: str, line: int | None = None, turn: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line, self.turn = line, turn


class VoiceError(DialogueError):
    """A voice that is missing, or a recording that cannot serve as one."""


class ConfigError(DialogueError):
    """Numbers that contradict each other, or a config file with unknown or missing keys."""


class CheckpointError(DialogueError):
    """Weights that are missing, damaged or belong to another config."""


class AudioError(DialogueError):
    """A sound file that cannot be read or written."""


class ShapeError(DialogueError):
    """A tensor whose axes or ids do not fit where it was sent."""


class CancelledError(DialogueError):
    """The caller asked for the work to stop."""
