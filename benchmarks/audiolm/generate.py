"""Semantic ids → codes, one code after another: coarse windows in turn, fine chunks side by side.

    coarse  [prompt | 1st window]
                      [last 3 s | 2nd window]
                                  [last 3 s | 3rd window]
    fine    [end of prompt | chunk], every chunk a row of one batch

The coarse stage sees 10 s at a time and goes on from the last 3 s it made, as the baseline of
SoundStorm section 4.2 (arXiv 2305.09636); chunks of 3 s know nothing of each other, as in AudioLM
(arXiv 2209.03143).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.audiolm.config import AudioLMConfig
from benchmarks.audiolm.decoding import CachedDecoder
from benchmarks.audiolm.model import AudioLM, flatten_codes
from pipeline.device import inference_dtype
from pipeline.errors import ConfigError, ShapeError
from pipeline.files.checkpoint import load_config, load_network
from pipeline.semantic_to_acoustic.sequence import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineOptions:
    """How codes are drawn; AudioLM's temperatures. 0 takes the likeliest code."""

    coarse_temperature: float = 0.8
    fine_temperature: float = 0.6

    def __post_init__(self) -> None:
        if min(self.coarse_temperature, self.fine_temperature) < 0:
            raise ConfigError(
                f"audiolm: temperatures {self.coarse_temperature} and {self.fine_temperature}; "
                "they start at 0"
            )


class Baseline:
    """Both stages, ready to speak.

    Args:
        network: trained; later changes to it do not arrive here.
        device: where it computes; the network is moved there.
        dtype: of weights and states; `None`: what the device multiplies best.
    """

    def __init__(
        self, network: AudioLM, device: torch.device, dtype: torch.dtype | None = None
    ) -> None:
        self.network, self.config, self.device = network.to(device).eval(), network.config, device
        dtype = dtype or inference_dtype(device)
        self.coarse = CachedDecoder(network.coarse, dtype)
        self.fine = CachedDecoder(network.fine, dtype)

    def generate(
        self,
        semantic_ids: Tensor,
        prompt: Prompt | None,
        options: BaselineOptions,
        rng: torch.Generator,
    ) -> Tensor:
        """Speak a passage.

        Args:
            semantic_ids: (S,) int64.
            prompt: semantic ids and codes of the voice, shorter than a window; `None`: any voice.
            options: how codes are drawn.
            rng: CPU generator of the draws.

        Returns:
            (Q, T) int64 on the CPU, T = S * frames_per_semantic; the prompt is not among them.

        Raises:
            ShapeError: if axes disagree, an id is out of range, nothing is to be spoken, or the
                prompt fills a window.
        """
        config = self.config
        if prompt is None:
            prompt = (semantic_ids[:0], semantic_ids.new_zeros(config.n_levels, 0))
        check_passage(semantic_ids, prompt, config)
        coarse = self.generate_coarse(semantic_ids, prompt, options, rng)
        fine = self.generate_fine(coarse, prompt[1], options, rng)
        return torch.cat((coarse, fine)).cpu()

    def generate_coarse(
        self, semantic_ids: Tensor, prompt: Prompt, options: BaselineOptions, rng: torch.Generator
    ) -> Tensor:
        """Levels 1 to `n_coarse` of a passage behind a checked prompt: (n_coarse, T) int64."""
        config, rate = self.config, self.config.frames_per_semantic
        ids = torch.cat((prompt[0], semantic_ids)).to(self.device)
        made = prompt[1][: config.n_coarse].to(self.device)
        for start, stop in plan_windows(len(prompt[0]), len(ids), config):
            window = self.coarse.generate(
                ids[None, start:stop],
                made[None, :, start * rate :],
                (stop - start) * rate,
                options.coarse_temperature,
                rng,
            )
            made = torch.cat((made[:, : start * rate], window[0]), dim=1)
        return made[:, len(prompt[0]) * rate :]

    def generate_fine(
        self, coarse: Tensor, prompt_codes: Tensor, options: BaselineOptions, rng: torch.Generator
    ) -> Tensor:
        """The other levels of coarse codes (n_coarse, T): (n_fine, T) int64.

        Args:
            coarse: as `generate_coarse` gives them.
            prompt_codes: (Q, T0) int64, the voice's; only its end is used.
            options: how codes are drawn.
            rng: CPU generator of the draws.
        """
        config, T = self.config, coarse.shape[1]
        chunks = plan_chunks(T, config.chunk_frames)
        first = max(0, prompt_codes.shape[1] - config.fine_prompt_frames)
        given = prompt_codes[:, first:].to(self.device)
        passages = torch.stack(
            [
                torch.cat((given[: config.n_coarse], coarse[:, start:stop]), dim=1)
                for start, stop in chunks
            ]
        )
        rows = self.fine.generate(
            flatten_codes(passages),
            given[config.n_coarse :].expand(len(chunks), -1, -1),
            passages.shape[2],
            options.fine_temperature,
            rng,
        )
        fine = coarse.new_empty(config.n_fine, T)
        for (start, stop), row in zip(chunks, rows, strict=True):
            fine[:, start:stop] = row[:, given.shape[1] :]
        return fine


def load_baseline(folder: Path, device: torch.device) -> Baseline:
    """Read what `python -m benchmarks.audiolm.train` exported.

    Raises:
        CheckpointError: if the weights are missing, damaged or of another shape.
        ConfigError: if `config.json` does not fit.
    """
    network = AudioLM(load_config(folder, AudioLMConfig))
    load_network(folder, network)
    return Baseline(network, device)


def plan_windows(n_prompt: int, n_ids: int, config: AudioLMConfig) -> list[tuple[int, int]]:
    """Windows [start, stop) of semantic ids, the prompt's among them, for the coarse stage.

    Args:
        n_prompt: ids of the prompt, whose codes are known.
        n_ids: all ids.
        config: how long a window is, and how much of the next one it knows.

    Returns:
        Each but the first starts `overlap_ids` before the last one's end, the first at the prompt.
    """
    stop = min(n_ids, config.window_ids)
    assert n_prompt < stop, f"a prompt of {n_prompt} ids fills {stop}"
    windows = [(0, stop)]
    while stop < n_ids:
        start = stop - config.overlap_ids
        stop = min(n_ids, start + config.window_ids)
        windows.append((start, stop))
    return windows


def plan_chunks(n_frames: int, longest: int) -> list[tuple[int, int]]:
    """Chunks [start, stop) of one length that cover all frames; the last may repeat some."""
    n_chunks = -(-n_frames // longest)
    length = -(-n_frames // n_chunks)
    starts = [min(index * length, n_frames - length) for index in range(n_chunks)]
    return [(start, start + length) for start in starts]


def check_passage(semantic_ids: Tensor, prompt: Prompt, config: AudioLMConfig) -> None:
    """Refuse ids and codes that do not exist or do not fit each other.

    Raises:
        ShapeError: naming the field and the offending value.
    """
    _check_ids("semantic_ids", semantic_ids, (len(semantic_ids),), config.n_semantic)
    if len(semantic_ids) == 0:
        raise ShapeError("semantic_ids is empty; there is nothing to speak")
    n_prompt = len(prompt[0])
    if n_prompt >= config.window_ids:
        raise ShapeError(
            f"a prompt of {n_prompt} semantic ids fills the window of {config.window_ids}; "
            "shorten it"
        )
    _check_ids("the prompt's semantic_ids", prompt[0], (n_prompt,), config.n_semantic)
    shape = (config.n_levels, n_prompt * config.frames_per_semantic)
    _check_ids("the prompt's codes", prompt[1], shape, config.n_codes)


def _check_ids(name: str, ids: Tensor, shape: Sequence[int], n_ids: int) -> None:
    if tuple(ids.shape) != tuple(shape):
        raise ShapeError(f"{name} has axes {tuple(ids.shape)}, expected {tuple(shape)}")
    if ids.is_floating_point() or ids.dtype == torch.bool:
        raise ShapeError(f"{name} must hold whole numbers, holds {ids.dtype}")
    wrong = ids[(ids < 0) | (ids >= n_ids)]
    if wrong.numel():
        raise ShapeError(f"{name} holds {int(wrong[0])}; ids go from 0 to {n_ids - 1}")
