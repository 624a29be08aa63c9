"""Stage 4 of 6: semantic ids → acoustic codes, level by level, the most confident codes first.

SoundStorm section 3.3 (arXiv 2305.09636). Confidence is the log-probability of the code drawn, plus
Gumbel noise that fades over the iterations of a level as in MaskGIT (arXiv 2202.04200); the last
iteration of every level takes the likeliest code. Windows are decoded as a batch, each with random
numbers of its own: changing one window changes no other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.datatypes.progress import ProgressCallback
from pipeline.errors import ConfigError
from pipeline.layers.packing import RowPacking
from pipeline.semantic_to_acoustic.masking import n_hidden_after
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.semantic_to_acoustic.sequence import FrameSequence, Window, window_to_sequence
from pipeline.semantic_to_acoustic.window_reader import WindowReader, read_prefixes

STAGE = "acoustic"

ROWS_STEP = 16
"""Frames are scored in multiples of this, so that no window's codes depend on another window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundStormOptions:
    """How to decode.

    Attributes:
        first_iterations: passes for level 1.
        later_iterations: passes for every other level.
        temperature: of the codes drawn; 0 takes the likeliest.
        confidence_noise: scale of the Gumbel noise on confidences at a level's start; 0 is none.
        guidance_scale: 1 is off; above, codes are drawn to what the prompts make likelier than
            nothing would. Each guided pass reads the windows again without prompts.
        guidance_rescale: share of the way back to the spread that logits had without guidance.
        guided_levels: levels that guidance acts on, from the coarsest.
        together_from: levels from this one on, counted from 1, are filled in one pass together;
            0: every level has a pass of its own.
        batch_frames: most frames decoded at once, those of prompts not counted.
    """

    first_iterations: int = 4
    later_iterations: int = 1
    temperature: float = 0.6
    confidence_noise: float = 0.5
    guidance_scale: float = 1.0
    guidance_rescale: float = 0.7
    guided_levels: int = 1
    together_from: int = 5
    batch_frames: int = 2000

    def __post_init__(self) -> None:
        if min(self.first_iterations, self.later_iterations, self.batch_frames) < 1:
            raise ConfigError(
                "iterations and batch_frames must be 1 or more, are "
                f"{self.first_iterations}, {self.later_iterations}, {self.batch_frames}"
            )
        if min(self.temperature, self.confidence_noise, self.guidance_scale) < 0:
            raise ConfigError(
                "temperature, confidence_noise and guidance_scale must not be negative, are "
                f"{self.temperature}, {self.confidence_noise}, {self.guidance_scale}"
            )

        if self.together_from and self.later_iterations > 1:
            raise ConfigError(
                f"levels from {self.together_from} on are to be filled in one pass together and "
                f"in {self.later_iterations} iterations each; choose one of the two"
            )
        if self.together_from == 1 or self.together_from < 0:
            raise ConfigError(
                f"together_from must be 2 or more, or 0 for never, is {self.together_from}"
            )

    def schedule(self, n_levels: int) -> list[tuple[range, int]]:
        """Levels, counted from 0, that are filled together, and in how many passes."""
        n_alone = min(self.together_from - 1, n_levels) if self.together_from else n_levels
        alone = [
            (range(level, level + 1), self.later_iterations if level else self.first_iterations)
            for level in range(n_alone)
        ]
        return [*alone, (range(n_alone, n_levels), 1)] if n_alone < n_levels else alone

    def n_passes(self, n_levels: int) -> int:
        """Passes for a batch of windows, those without prompts not counted."""
        return sum(n_iterations for _, n_iterations in self.schedule(n_levels))


def generate(
    network: SoundStorm,
    windows: Sequence[Window],
    options: SoundStormOptions,
    rng: torch.Generator | Sequence[torch.Generator],
    on_progress: ProgressCallback | None = None,
) -> list[Tensor]:
    """Speak windows.

    Args:
        network: in eval mode.
        windows: in any order and of any lengths that fit the network.
        options: how to decode.
        rng: on the CPU; one, or one for each window. From one, a number is taken whatever the
            windows are, and every window gets its own by its number.
        on_progress: called as ("acoustic", done, total) passes of windows: before the first and
            after every one.

    Returns:
        For each window (Q, T) int64 codes on the CPU; `given_frames` hold `given_codes` untouched.

    Raises:
        ShapeError: if a window is longer than `max_frames`, or has wrong axes or ids.
    """
    config = network.config
    generators = _generators(rng, len(windows))
    sequences = [window_to_sequence(window, config) for window in windows]
    spoken = [sequence.codes[:, sequence.window_start :] for sequence in sequences]
    # as many windows together as fit; those with nothing hidden are done
    groups = list(_groups(sequences, options.batch_frames))
    total = sum(len(group) for group in groups) * options.n_passes(config.n_levels)
    done = 0

    def report(n_windows: int) -> None:
        nonlocal done
        done += n_windows
        if on_progress is not None:
            on_progress(STAGE, done, total)

    with torch.inference_mode():
        table = network.code_table()
        for indices in groups:
            rngs = [generators[index] for index in indices]
            batch = _Batch(network, table, [sequences[index] for index in indices], rngs, options)
            report(0)
            _decode(batch, options, report)
            for index, codes in zip(indices, batch.rows_of_codes(), strict=True):
                spoken[index] = codes
    return [codes.clone() for codes in spoken]


class _Batch:
    """Windows decoded together, packed end to end.

    Attributes:
        codes: (Q, n_packed) int64; filled in while decoding.
        to_predict: (n_packed,) bool.
    """

    def __init__(
        self,
        network: SoundStorm,
        table: Tensor,
        sequences: Sequence[FrameSequence],
        rngs: Sequence[torch.Generator],
        options: SoundStormOptions,
    ) -> None:
        self.network, self.rngs = network, rngs
        prefixes = read_prefixes(network, sequences, table)
        self._reader = WindowReader(network, table, sequences, prefixes)
        self._bare = None
        if options.guidance_scale != 1.0:
            self._bare = WindowReader(network, table, sequences, None)
        self.packing = self._reader.packing
        self.codes = self._reader.pack([s.codes[:, s.window_start :] for s in sequences])
        self.to_predict = self._reader.pack([~s.given[s.window_start :] for s in sequences])

    def states(self) -> Tensor:
        """One pass: (n_packed, D)."""
        return self._reader.states(self.codes)

    def states_without_prompts(self) -> Tensor:
        """One pass over the windows alone, in the order of `states`."""
        assert self._bare is not None, "reads without prompts are for guidance"
        packing = self._bare.packing
        states = self._bare.states(packing.pack(self._rows(self.codes)))
        # rows lie elsewhere without prefixes: back into the order of `packing`
        rows = [packing.row(states.T, row) for row in range(len(self.rngs))]
        return self.packing.pack(rows).T

    def uniform(self) -> Tensor:
        """Random numbers (n_packed,) in (0, 1); each window's depend on its own generator alone."""
        rows = [
            torch.rand(length, generator=rng)
            for length, rng in zip(self.packing.lengths, self.rngs, strict=True)
        ]
        return self._reader.pack(rows).clamp(1e-7, 1 - 1e-7)

    def rows_of_codes(self) -> list[Tensor]:
        """Codes (Q, T) of every window, on the CPU."""
        return [row.cpu() for row in self._rows(self.codes)]

    def _rows(self, packed: Tensor) -> list[Tensor]:
        return [self.packing.row(packed, row) for row in range(len(self.rngs))]


def _decode(batch: _Batch, options: SoundStormOptions, report: Callable[[int], None]) -> None:
    """Fill the batch's codes."""
    config, n_windows = batch.network.config, len(batch.rngs)
    rows = range(n_windows)
    n_to_predict = [int(batch.packing.row(batch.to_predict, row).sum()) for row in rows]
    # coarse to fine, the finest together
    for levels, n_iterations in options.schedule(config.n_levels):
        # a level starts with all of it hidden: (n_packed,) bool
        hidden = batch.to_predict
        for n_done in range(1, n_iterations + 1):
            # one pass over everything; only the N hidden frames are scored
            frames = hidden.nonzero()[:, 0]
            states = batch.states()[frames]
            left = 1.0 - n_done / n_iterations
            for level in levels:
                logits = _logits(states, batch, frames, options, level)
                # (N, V) → an id for each, (N,)
                ids, confidence = _choose(logits, batch, frames, options, left)
                batch.codes[level, frames] = ids
            # all but the least confident are kept, more after every iteration
            n_hidden = [n_hidden_after(n, n_done, n_iterations) for n in n_to_predict]
            hidden = _least_confident(confidence, frames, batch.packing, hidden, n_hidden)
            batch.codes[levels[0]].masked_fill_(hidden, config.hidden_code)
            report(n_windows)


def _logits(
    states: Tensor, batch: _Batch, frames: Tensor, options: SoundStormOptions, level: int
) -> Tensor:
    """Logits (N, V) float32 of the level at packed frames (N,); with guidance, a second pass."""
    logits = _score(batch.network, states, level)
    if options.guidance_scale == 1.0 or level >= options.guided_levels:
        return logits
    bare = _score(batch.network, batch.states_without_prompts()[frames], level)
    # classifier-free guidance: further from what no prompt makes likely
    guided = bare + options.guidance_scale * (logits - bare)
    # and part of the way back to the spread that logits had, (N, 1)
    spread = logits.std(dim=-1, keepdim=True) / guided.std(dim=-1, keepdim=True)
    return guided * (1.0 + options.guidance_rescale * (spread - 1.0))


def _score(network: SoundStorm, states: Tensor, level: int) -> Tensor:
    """Logits of states (N, D), N filled up: a CPU's product of few rows rounds differently."""
    filled = F.pad(states, (0, 0, 0, -len(states) % ROWS_STEP))
    return network.logits(filled, level)[: len(states)].float()


def _choose(
    logits: Tensor,
    batch: _Batch,
    frames: Tensor,
    options: SoundStormOptions,
    left: float,
) -> tuple[Tensor, Tensor]:
    """Ids (N,) and confidences (N,); the likeliest ids if nothing is `left` of the iterations."""
    if left == 0.0:
        return logits.argmax(dim=-1), logits.new_zeros(len(logits))
    # a number for the code and one for its confidence: (N,)
    chances, gumbel = batch.uniform()[frames], -(-batch.uniform()[frames].log()).log()
    if options.temperature == 0.0:
        ids = logits.argmax(dim=-1)
        log_probability = F.log_softmax(logits, dim=-1).gather(1, ids[:, None])[:, 0]
    else:
        probabilities = torch.softmax(logits / options.temperature, dim=-1)
        # the code at which the cumulated probability (N, V) passes the number drawn
        below = probabilities.cumsum(dim=-1)
        ids = torch.searchsorted(below, chances[:, None] * below[:, -1:])[:, 0]
        ids = ids.clamp_max(logits.shape[-1] - 1)
        log_probability = probabilities.gather(1, ids[:, None])[:, 0].clamp_min(1e-30).log()
    # the noise fades with the iterations
    return ids, log_probability + options.confidence_noise * left * gumbel


def _least_confident(
    confidence: Tensor, frames: Tensor, packing: RowPacking, hidden: Tensor, n_hidden: Sequence[int]
) -> Tensor:
    """Of the hidden packed frames, those that stay hidden: in each row so many."""
    # what is known already is never hidden again
    ranked = torch.full(hidden.shape, torch.inf, device=hidden.device)
    ranked[frames] = confidence
    still = torch.zeros_like(hidden)
    for row, count in enumerate(n_hidden):
        if count:
            lowest = packing.row(ranked, row).topk(count, largest=False).indices
            packing.row(still, row)[lowest] = True
    return still


def _groups(sequences: Sequence[FrameSequence], batch_frames: int) -> Iterator[list[int]]:
    """Windows to decode together, in order; none with nothing to fill."""
    group: list[int] = []
    n_frames = 0
    for index, sequence in enumerate(sequences):
        if bool(sequence.given.all()):
            continue
        own = sequence.n_frames - sequence.window_start
        if group and n_frames + own > batch_frames:
            yield group
            group, n_frames = [], 0
        group.append(index)
        n_frames += own
    if group:
        yield group


def _generators(
    rng: torch.Generator | Sequence[torch.Generator], n_windows: int
) -> Sequence[torch.Generator]:
    if not isinstance(rng, torch.Generator):
        assert len(rng) == n_windows, f"{len(rng)} generators for {n_windows} windows"
        return rng
    base_seed = int(torch.randint(2**62, (), generator=rng))
    seeds = [(base_seed + 0x9E3779B97F4A7C15 * (index + 1)) % 2**63 for index in range(n_windows)]
    return [torch.Generator().manual_seed(seed) for seed in seeds]
