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

from pipeline.datatypes import ProgressCallback
from pipeline.device import inference_autocast
from pipeline.errors import ConfigError
from pipeline.semantic_to_acoustic.align import FrameSequence, Window, window_to_sequence
from pipeline.semantic_to_acoustic.masking import n_hidden_after
from pipeline.semantic_to_acoustic.model import SoundStorm

STAGE = "acoustic"


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
        batch_frames: most frames decoded at once, padding included.
        dtype: to compute in; `None` chooses by the hardware.
    """

    first_iterations: int = 12
    later_iterations: int = 1
    temperature: float = 0.9
    confidence_noise: float = 1.0
    guidance_scale: float = 1.0
    guidance_rescale: float = 0.7
    guided_levels: int = 1
    batch_frames: int = 8000
    dtype: torch.dtype | None = None

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

    def iterations(self, level: int) -> int:
        """Passes for a level, counted from 0."""
        return self.first_iterations if level == 0 else self.later_iterations

    def n_passes(self, n_levels: int) -> int:
        """Passes for a batch of windows, those without prompts not counted."""
        return sum(self.iterations(level) for level in range(n_levels))


def generate(
    network: SoundStorm,
    windows: Sequence[Window],
    options: SoundStormOptions,
    rng: torch.Generator,
    on_progress: ProgressCallback | None = None,
) -> list[Tensor]:
    """Speak windows.

    Args:
        network: in eval mode.
        windows: in any order and of any lengths that fit the network.
        options: how to decode.
        rng: CPU generator; one number is taken from it whatever the windows are.
        on_progress: called after every pass as ("acoustic", passes done, passes in all).

    Returns:
        For each window (Q, T) int64 codes on the CPU; `given_frames` hold `given_codes` untouched.

    Raises:
        ShapeError: if a window is longer than `max_frames`, or has wrong axes or ids.
    """
    config = network.config
    base_seed = int(torch.randint(2**62, (), generator=rng))
    sequences = [window_to_sequence(window, config) for window in windows]
    spoken = [sequence.codes for sequence in sequences]
    groups = list(_groups(sequences, options.batch_frames))
    total, done = len(groups) * options.n_passes(config.n_levels), 0

    def report() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(STAGE, done, total)

    device = network.codebooks.device
    with torch.no_grad(), inference_autocast(device, options.dtype):
        table = network.code_table()
        for indices in groups:
            rngs = [_window_generator(base_seed, index) for index in indices]
            batch = _Batch([sequences[index] for index in indices], rngs, device)
            _decode(network, table, batch, options, report)
            for row, index in enumerate(indices):
                spoken[index] = batch.codes[row, :, : sequences[index].n_frames].cpu()
    return [
        codes[:, sequence.window_start :].clone()
        for codes, sequence in zip(spoken, sequences, strict=True)
    ]


class _Batch:
    """Sequences padded to one length.

    Attributes:
        codes: (B, Q, T) int64; filled in while decoding.
        to_predict: (B, T) bool.
        valid: (B, T) bool, false where padded; `None` if nothing is.
    """

    def __init__(
        self,
        sequences: Sequence[FrameSequence],
        rngs: Sequence[torch.Generator],
        device: torch.device,
    ) -> None:
        self.sequences, self.rngs, self.device = sequences, rngs, device
        self.semantic_ids = _pad([s.semantic_ids for s in sequences]).to(device)
        self.slots = _pad([s.slots for s in sequences]).to(device)
        self.codes = _pad([s.codes for s in sequences]).to(device)
        self.to_predict = _pad([~s.given for s in sequences]).to(device)
        self.valid = _valid([s.n_frames for s in sequences], device)

    def states(self, network: SoundStorm, table: Tensor) -> Tensor:
        """One pass: (B, T, D)."""
        states: Tensor = network(self.semantic_ids, self.slots, self.codes, self.valid, table)
        return states

    def states_without_prompts(self, network: SoundStorm, table: Tensor) -> Tensor:
        """One pass over the windows alone: (B, T, D), zeros where the prompts are."""
        parts = [slice(s.window_start, s.n_frames) for s in self.sequences]
        states = network(
            _pad([row[part] for row, part in zip(self.semantic_ids, parts, strict=True)]),
            _pad([row[part] for row, part in zip(self.slots, parts, strict=True)]),
            _pad([row[:, part] for row, part in zip(self.codes, parts, strict=True)]),
            _valid([part.stop - part.start for part in parts], self.device),
            table,
        )
        placed: Tensor = states.new_zeros(*self.slots.shape, states.shape[-1])
        for row, part in enumerate(parts):
            placed[row, part] = states[row, : part.stop - part.start]
        return placed

    def uniform(self) -> Tensor:
        """Random numbers (B, T) float32 in (0, 1); each row's depend on its own generator alone."""
        rows = [
            torch.rand(s.n_frames, generator=rng)
            for s, rng in zip(self.sequences, self.rngs, strict=True)
        ]
        return _pad(rows).to(self.device).clamp(1e-7, 1 - 1e-7)


def _decode(
    network: SoundStorm,
    table: Tensor,
    batch: _Batch,
    options: SoundStormOptions,
    report: Callable[[], None],
) -> None:
    """Fill the batch's codes."""
    n_to_predict = batch.to_predict.sum(dim=1).tolist()
    for level in range(network.config.n_levels):
        hidden = batch.to_predict
        n_iterations = options.iterations(level)
        for n_done in range(1, n_iterations + 1):
            rows, frames = hidden.nonzero(as_tuple=True)
            logits = _logits(network, table, batch, (rows, frames), options, level)
            left = 1.0 - n_done / n_iterations
            ids, confidence = _choose(logits, batch, (rows, frames), options, left)
            batch.codes[rows, level, frames] = ids
            n_hidden = [n_hidden_after(n, n_done, n_iterations) for n in n_to_predict]
            hidden = _least_confident(confidence, (rows, frames), hidden, n_hidden)
            batch.codes[:, level].masked_fill_(hidden, network.config.hidden_code)
            report()


def _logits(
    network: SoundStorm,
    table: Tensor,
    batch: _Batch,
    where: tuple[Tensor, Tensor],
    options: SoundStormOptions,
    level: int,
) -> Tensor:
    """One pass, with guidance two: logits (N, V) float32 of the level at rows and frames."""
    states = batch.states(network, table)[where]
    logits = network.logits(states, level).float()
    if options.guidance_scale == 1.0 or level >= options.guided_levels:
        return logits
    bare = network.logits(batch.states_without_prompts(network, table)[where], level).float()
    guided = bare + options.guidance_scale * (logits - bare)
    spread = logits.std(dim=-1, keepdim=True) / guided.std(dim=-1, keepdim=True)
    return guided * (1.0 + options.guidance_rescale * (spread - 1.0))


def _choose(
    logits: Tensor,
    batch: _Batch,
    where: tuple[Tensor, Tensor],
    options: SoundStormOptions,
    left: float,
) -> tuple[Tensor, Tensor]:
    """Ids (N,) and confidences (N,); the likeliest ids if nothing is `left` of the iterations."""
    if left == 0.0:
        return logits.argmax(dim=-1), logits.new_zeros(len(logits))
    chances, gumbel = batch.uniform()[where], -(-batch.uniform()[where].log()).log()
    if options.temperature == 0.0:
        ids = logits.argmax(dim=-1)
        log_probability = F.log_softmax(logits, dim=-1).gather(1, ids[:, None])[:, 0]
    else:
        probabilities = torch.softmax(logits / options.temperature, dim=-1)
        below = probabilities.cumsum(dim=-1)
        ids = torch.searchsorted(below, chances[:, None] * below[:, -1:])[:, 0]
        ids = ids.clamp_max(logits.shape[-1] - 1)
        log_probability = probabilities.gather(1, ids[:, None])[:, 0].clamp_min(1e-30).log()
    return ids, log_probability + options.confidence_noise * left * gumbel


def _least_confident(
    confidence: Tensor, where: tuple[Tensor, Tensor], hidden: Tensor, n_hidden: Sequence[int]
) -> Tensor:
    """Of the hidden frames (B, T), those that stay hidden: in each row so many."""
    ranked = torch.full(hidden.shape, torch.inf, device=hidden.device)
    ranked[where] = confidence
    still = torch.zeros_like(hidden)
    for row, count in enumerate(n_hidden):
        still[row, ranked[row].topk(count, largest=False).indices] = True
    return still


def _groups(sequences: Sequence[FrameSequence], batch_frames: int) -> Iterator[list[int]]:
    """Windows of similar length together, so that little is padding; none with nothing to fill."""
    open_indices = [i for i, s in enumerate(sequences) if not bool(s.given.all())]
    group: list[int] = []
    for index in sorted(open_indices, key=lambda i: -sequences[i].n_frames):
        longest = sequences[group[0]].n_frames if group else 0
        similar = sequences[index].n_frames >= 0.85 * longest
        if group and not (similar and longest * (len(group) + 1) <= batch_frames):
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _window_generator(base_seed: int, index: int) -> torch.Generator:
    return torch.Generator().manual_seed((base_seed + 0x9E3779B97F4A7C15 * (index + 1)) % 2**63)


def _pad(rows: Sequence[Tensor]) -> Tensor:
    """Stack (..., T) tensors, zeros behind the shorter ones."""
    longest = max(row.shape[-1] for row in rows)
    return torch.stack([F.pad(row, (0, longest - row.shape[-1])) for row in rows])


def _valid(lengths: Sequence[int], device: torch.device) -> Tensor | None:
    if min(lengths) == max(lengths):
        return None
    positions = torch.arange(max(lengths), device=device)
    return positions < torch.tensor(lengths, device=device)[:, None]
