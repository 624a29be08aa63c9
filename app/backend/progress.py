"""How much of the work on a script is done, all stages together, and how to say it."""

_STAGE_SHARES = {
    "read": 0.05,
    "semantic": 0.45,
    "acoustic": 0.3,
    "waveform": 0.1,
    "check": 0.05,
    "mix": 0.05,
}


class ProgressMeter:
    """How much of the whole work is done, judged by how long stages usually take.

    Stages take turns, on one part of a long script after another.
    """

    def __init__(self) -> None:
        self._done: dict[str, float] = {}

    def share(self, stage: str, done: int, total: int) -> float:
        """Take note of a stage's progress and give that of everything, in [0, 1]."""
        self._done[stage] = done / max(total, 1)
        shares = (_STAGE_SHARES[name] * share for name, share in self._done.items())
        return min(1.0, sum(shares))


STAGE_TITLES = {
    "read": "reading the script",
    "semantic": "choosing how it is said",
    "acoustic": "giving it voices",
    "waveform": "making sound",
    "check": "checking the voices",
    "mix": "mixing",
}


def format_time_left(seconds: float) -> str:
    """In words that do not promise too much: "about 2 min left"."""
    return f"about {format_seconds(seconds)} left"


def format_seconds(seconds: float) -> str:
    """Seconds below two minutes, then minutes, then hours and minutes."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
