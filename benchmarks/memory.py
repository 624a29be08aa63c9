"""The most memory that this process has held since a moment, where the system tells."""

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Let `peak_mb` begin anew; where the system cannot, it counts from the process's start."""
    if _CLEAR.exists():
        _CLEAR.write_text("5", encoding="ascii")


def peak_mb() -> float:
    """Largest resident set in MiB since `reset_peak`."""
    if _STATUS.is_file():
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
