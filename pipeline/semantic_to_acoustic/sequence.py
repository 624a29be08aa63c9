"""Stage 4 of 6, its time axis: semantic ids repeated to frames; prompts and window laid end to end.

    [prompt of slot 1][gap][prompt of slot 2][gap] ... [window]

A gap is `segment_gap_frames` frames of slot 0, without a semantic id, its codes hidden for good.
Turns inside the window follow each other directly: their own silence parts them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.config.networks import SoundStormConfig
from pipeline.errors import ShapeError

Prompt = tuple[Tensor, Tensor]
"""Semantic ids (S,) int64 and codes (Q, S * frames_per_semantic) int64 of the same speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What SoundStorm speaks in one go.

    Attributes:
        semantic_ids: (S,) int64, each in [0, n_semantic).
        slots: (T,) int64, T = S * frames_per_semantic, each in [0, n_slots]; 0 is unknown.
        prompts: slot to what its voice sounds like.
        given_codes: (Q, T) int64, codes to keep; only read where `given_frames`.
        given_frames: (T,) bool, true where `given_codes` stay as they are.
    """

    semantic_ids: Tensor
    slots: Tensor
    prompts: Mapping[int, Prompt]
    given_codes: Tensor | None = None
    given_frames: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSequence:
    """A window behind its prompts, as the network reads it.

    Attributes:
        semantic_ids: (T,) int64; `no_semantic_id` in gaps.
        slots: (T,) int64.
        codes: (Q, T) int64; `hidden_code` wherever nothing is given.
        given: (T,) bool, true in prompts, gaps and given frames: never predicted.
        window_start: first frame of the window.
    """

    semantic_ids: Tensor
    slots: Tensor
    codes: Tensor
    given: Tensor
    window_start: int

    @property
    def n_frames(self) -> int:
        """T, prompts and gaps included."""
        return len(self.slots)


def stretch_to_frames(semantic_ids: Tensor, frames_per_semantic: int) -> Tensor:
    """Repeat each semantic id until there is one for every acoustic frame.

    Args:
        semantic_ids: (..., S) int64.
        frames_per_semantic: how often.

    Returns:
        (..., S * frames_per_semantic) int64, the same ids in the same order.
    """
    return semantic_ids.repeat_interleave(frames_per_semantic, dim=-1)


def window_to_sequence(window: Window, config: SoundStormConfig) -> FrameSequence:
    """Lay a window behind its prompts, slot 1 first.

    Raises:
        ShapeError: if axes disagree, an id is out of range, or it is longer than `max_frames`.
    """
    check_window(window, config)
    # a prompt and a gap for each slot, then the window
    segments = [
        segment
        for slot, prompt in sorted(window.prompts.items())
        for segment in (_prompt_segment(slot, prompt, config), _gap(config))
    ]
    window_start = sum(segment.n_frames for segment in segments)
    sequence = _join([*segments, _window_segment(window, config)], window_start)
    if sequence.n_frames > config.max_frames:
        raise ShapeError(
            f"a window of {len(window.slots)} frames and prompts of {window_start} are longer than "
            f"the network's {config.max_frames} frames; split it or shorten the prompts"
        )
    return sequence


def check_window(window: Window, config: SoundStormConfig) -> None:
    """Refuse a window whose axes disagree or whose ids do not exist.

    Raises:
        ShapeError: naming the field and the offending value.
    """
    n_frames = len(window.semantic_ids) * config.frames_per_semantic
    _check_ids("semantic_ids", window.semantic_ids, (None,), config.n_semantic)
    _check_ids("slots", window.slots, (n_frames,), config.n_slots + 1)
    if (window.given_codes is None) != (window.given_frames is None):
        raise ShapeError("given_codes and given_frames come together: pass both or neither")
    if window.given_codes is not None and window.given_frames is not None:
        if window.given_frames.shape != (n_frames,) or window.given_frames.dtype != torch.bool:
            raise ShapeError(
                f"given_frames must be ({n_frames},) bool, is {tuple(window.given_frames.shape)} "
                f"{window.given_frames.dtype}"
            )
        if window.given_codes.shape != (config.n_levels, n_frames):
            raise ShapeError(
                f"given_codes must be ({config.n_levels}, {n_frames}), "
                f"is {tuple(window.given_codes.shape)}"
            )
        kept = window.given_codes[:, window.given_frames]
        _check_ids("given_codes", kept, (config.n_levels, None), config.n_codes, may_be_empty=True)
    for slot, (semantic_ids, codes) in window.prompts.items():
        if not 1 <= slot <= config.n_slots:
            raise ShapeError(f"prompt for slot {slot}; slots go from 1 to {config.n_slots}")
        _check_ids(f"prompt {slot} semantic_ids", semantic_ids, (None,), config.n_semantic)
        n_prompt_frames = len(semantic_ids) * config.frames_per_semantic
        _check_ids(
            f"prompt {slot} codes", codes, (config.n_levels, n_prompt_frames), config.n_codes
        )


def _check_ids(
    name: str, ids: Tensor, shape: Sequence[int | None], n_ids: int, may_be_empty: bool = False
) -> None:
    wanted = " × ".join("any" if n is None else str(n) for n in shape)
    fits = ids.ndim == len(shape) and all(
        n in (None, m) for n, m in zip(shape, ids.shape, strict=True)
    )
    if not fits or (ids.numel() == 0 and not may_be_empty):
        raise ShapeError(f"{name} has axes {tuple(ids.shape)}, expected {wanted}, not empty")
    if ids.is_floating_point() or ids.dtype == torch.bool:
        raise ShapeError(f"{name} must hold whole numbers, holds {ids.dtype}")
    wrong = ids[(ids < 0) | (ids >= n_ids)]
    if wrong.numel():
        raise ShapeError(f"{name} holds {int(wrong[0])}; ids go from 0 to {n_ids - 1}")


def _prompt_segment(slot: int, prompt: Prompt, config: SoundStormConfig) -> FrameSequence:
    semantic_ids, codes = prompt
    n_frames = codes.shape[-1]
    return FrameSequence(
        semantic_ids=stretch_to_frames(semantic_ids, config.frames_per_semantic),
        slots=torch.full((n_frames,), slot),
        codes=codes,
        given=torch.ones(n_frames, dtype=torch.bool),
        window_start=0,
    )


def _gap(config: SoundStormConfig) -> FrameSequence:
    n_frames = config.segment_gap_frames
    return FrameSequence(
        semantic_ids=torch.full((n_frames,), config.no_semantic_id),
        slots=torch.zeros(n_frames, dtype=torch.int64),
        codes=torch.full((config.n_levels, n_frames), config.hidden_code),
        given=torch.ones(n_frames, dtype=torch.bool),
        window_start=0,
    )


def _window_segment(window: Window, config: SoundStormConfig) -> FrameSequence:
    n_frames = len(window.slots)
    # all hidden, (Q, T), but for what is given
    codes = torch.full((config.n_levels, n_frames), config.hidden_code)
    given = torch.zeros(n_frames, dtype=torch.bool)
    if window.given_codes is not None and window.given_frames is not None:
        given = window.given_frames
        codes = torch.where(given, window.given_codes, codes)
    return FrameSequence(
        semantic_ids=stretch_to_frames(window.semantic_ids, config.frames_per_semantic),
        slots=window.slots,
        codes=codes,
        given=given,
        window_start=0,
    )


def _join(segments: Sequence[FrameSequence], window_start: int) -> FrameSequence:
    return FrameSequence(
        semantic_ids=torch.cat([segment.semantic_ids for segment in segments]),
        slots=torch.cat([segment.slots for segment in segments]),
        codes=torch.cat([segment.codes for segment in segments], dim=1),
        given=torch.cat([segment.given for segment in segments]),
        window_start=window_start,
    )
