"""How much of the work on a script is done, all stages together."""

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
