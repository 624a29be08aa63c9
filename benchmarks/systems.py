"""The generators that are compared: the same semantic ids and prompts to codes, each in its way."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.audiolm.generate import Baseline, BaselineOptions, load_baseline
from benchmarks.passages import Passage
from pipeline.runtime.models import Models
from pipeline.semantic_to_acoustic.generate import SoundStormOptions, generate
from pipeline.semantic_to_acoustic.windows import build_windows, plan_turns
from pipeline.synthesis.turn_synthesizer import TURN_WINDOW_S

PROMPT_FRAMES = 150
ITERATIONS = (1, 4, 8, 16)
GUIDANCE = 1.5
WHOLE_S = 60.0
"""Longer than any passage: it is then one window, as in the paper."""

System = Callable[[Passage, int], Tensor]
"""Called as `system(passage, seed)`: codes (Q, T) int64."""

CODEC, BASELINE, SHIPPED = "codec", "audiolm", "soundstorm"
BASELINE_FOLDER = Path(__file__).resolve().parent / "audiolm" / "small"


def load_system(name: str, models: Models, baseline_folder: Path = BASELINE_FOLDER) -> System:
    """One of the systems of `system_names`.

    Args:
        name: of the system.
        models: the pipeline's networks.
        baseline_folder: what `python -m benchmarks.audiolm.train` exported.

    Raises:
        CheckpointError: if the baseline is asked for and its weights are missing.
    """
    if name == CODEC:
        return lambda passage, _seed: passage.codes
    if name == BASELINE:
        return autoregressive(load_baseline(baseline_folder, models.device))
    if name == SHIPPED:
        return parallel(models, SoundStormOptions(), TURN_WINDOW_S)
    return parallel(models, _SWEPT[name], WHOLE_S)


def system_names() -> tuple[str, ...]:
    """The codec's own codes, the baseline, SoundStorm as shipped, and by the paper's schedule."""
    return (CODEC, BASELINE, SHIPPED, *_SWEPT)


def _swept(first_iterations: int, scale: float) -> SoundStormOptions:
    """One greedy pass for each later level, as in the paper, and its sampling."""
    return SoundStormOptions(
        first_iterations=first_iterations,
        together_from=0,
        temperature=0.9,
        confidence_noise=1.0,
        guidance_scale=scale,
    )


_SWEPT = {
    f"{SHIPPED}_{first}" + ("" if scale == 1.0 else f"_guided_{scale:g}"): _swept(first, scale)
    for scale in (1.0, GUIDANCE)
    for first in ITERATIONS
}


def parallel(models: Models, options: SoundStormOptions, window_s: float) -> System:
    """SoundStorm with windows no longer than asked."""
    network = models.soundstorm
    config = dataclasses.replace(network.config, prompt_frames_max=PROMPT_FRAMES)

    def speak(passage: Passage, seed: int) -> Tensor:
        turns = [passage.semantic]
        plan = plan_turns(turns, {"S1": round(window_s * passage.semantic.rate_hz)})
        windows = build_windows(turns, plan, {"S1": passage.voice}, config)
        rng = torch.Generator().manual_seed(seed)
        return torch.cat(generate(network, windows, options, rng), dim=1)

    return speak


def autoregressive(baseline: Baseline) -> System:
    """The baseline, with the prompt that SoundStorm gets.

    On one core: its products are so small that with two it took half as long again.
    """

    def speak(passage: Passage, seed: int) -> Tensor:
        n_ids = PROMPT_FRAMES // baseline.config.frames_per_semantic
        prompt = passage.voice.semantic_ids[:n_ids], passage.voice.codes[:, :PROMPT_FRAMES]
        rng = torch.Generator().manual_seed(seed)
        n_threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return baseline.generate(passage.semantic.semantic_ids, prompt, BaselineOptions(), rng)
        finally:
            torch.set_num_threads(n_threads)

    return speak
