"""What the doors settle before any number is computed: how threads wait, and how many there are."""

import os
import sys
from pathlib import Path


def prepare_environment() -> None:
    """Set what libraries read when they are imported; call before torch or gradio is.

    Threads that spin at barriers make a step 6 to 20 times slower on a busy machine, hence the
    passive wait policy. Kernels are kept for 64 shapes, not for a thousand, which took memory for
    every script that was long. A setting of the user's own is kept.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")


def set_thread_count() -> None:
    """Let torch use the cores this process may use, unless OMP_NUM_THREADS says otherwise."""
    import torch  # takes seconds; not needed to print the usage

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(usable_cores())


def thread_count() -> int:
    """How many threads torch computes with."""
    import torch  # takes seconds; not needed to print the usage

    return torch.get_num_threads()


def usable_cores(quota_file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Cores this process may use: its affinity, and the quota of its container.

    Args:
        quota_file: "quota period" in microseconds, or "max period".
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    try:
        quota, period = quota_file.read_text(encoding="ascii").split()
        return max(1, min(cores, round(int(quota) / int(period))))
    except (OSError, ValueError):
        return int(cores)


def has_desktop() -> bool:
    """Whether a browser window could be opened for the person who started us."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
