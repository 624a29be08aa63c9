"""Numbers that belong to training only: how long, how fast, how often to save."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """How a training runs.

    Attributes:
        max_steps: the run ends after this many steps,
        max_minutes: or after this many minutes of training, all sittings together; 0: no bound.
        warmup_steps: the learning rate rises linearly over these,
        final_learning_rate: then falls on a cosine to this share of its peak.
        save_every_s: seconds between checkpoints.
        evaluate_every: steps between evaluations.
        seed: of the generator that draws batches and masks.
    """

    max_steps: int
    max_minutes: float = 0.0
    warmup_steps: int = 200
    final_learning_rate: float = 0.05
    save_every_s: float = 300.0
    evaluate_every: int = 500
    log_every: int = 20
    seed: int = 0

    def within(self, minutes: float) -> "LoopConfig":
        """Bounded in minutes, if any, instead of steps, so that a fast machine uses its time."""
        if minutes <= 0:
            return self
        return dataclasses.replace(self, max_steps=10**9, max_minutes=minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOptions:
    """What every stage's command takes.

    Attributes:
        size: "tiny", "small" or "base".
        data: the raw material: a folder with `speech/manifest.tsv` (or recordings in LibriTTS
            layout in `speech/`) and `text/`.
        out: the run: corpus/, tokens/, one folder per network, and models/ for what is exported.
        minutes: bound on this stage's training; 0: the size's own step count decides.
        device: as for `choose_device`.
    """

    size: str
    data: Path
    out: Path
    minutes: float = 0.0
    device: str = "auto"
