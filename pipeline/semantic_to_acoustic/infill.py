"""Stage 4 of 6, for a part of what was spoken: hidden, and decoded between both its sides.

    given codes   |--- 2 s ---|            |--- 2 s ---|
    hidden                    |---- span --|
    window        |------------------------------------|   behind the prompts of all who speak in it

Only the frames of the spans are decoded; what surrounds them is read and comes back untouched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.config.networks import SoundStormConfig
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.tokens import SemanticTokens
from pipeline.datatypes.voice import Voices
from pipeline.semantic_to_acoustic.generate import SoundStormOptions, generate
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.semantic_to_acoustic.sequence import Prompt, Window
from pipeline.semantic_to_acoustic.windows import prompt_of, speaker_slot

CONTEXT_S = 2.0
"""How much is given on each side of what is hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Turns laid end to end, as SoundStorm reads those of one window.

    Attributes:
        semantic_ids: (S,) int64.
        slots: (T,) int64, T = S * frames_per_semantic.
        codes: (Q, T) int64; only meant where `known`.
        known: (T,) bool, false where codes are yet to be made.
        rate_hz: semantic ids per second.
    """

    semantic_ids: Tensor
    slots: Tensor
    codes: Tensor
    known: Tensor
    rate_hz: float


def lay_track(
    turns: Sequence[tuple[SemanticTokens, Tensor | None]], config: SoundStormConfig
) -> Track:
    """Lay turns end to end.

    Args:
        turns: in order, at least one: what each says, and its codes (Q, T) or `None`.
        config: SoundStorm's.
    """
    sizes = [len(said.semantic_ids) * config.frames_per_semantic for said, _ in turns]
    codes = [
        torch.zeros(config.n_levels, size, dtype=torch.int64) if known is None else known
        for size, (_, known) in zip(sizes, turns, strict=True)
    ]
    return Track(
        semantic_ids=torch.cat([said.semantic_ids for said, _ in turns]),
        slots=torch.cat(
            [
                torch.full((size,), speaker_slot(said.speaker))
                for size, (said, _) in zip(sizes, turns, strict=True)
            ]
        ),
        codes=torch.cat(codes, dim=1),
        known=torch.cat(
            [
                torch.full((size,), known is not None)
                for size, (_, known) in zip(sizes, turns, strict=True)
            ]
        ),
        rate_hz=turns[0][0].rate_hz,
    )


def refill(
    network: SoundStorm,
    track: Track,
    spans: Sequence[tuple[int, int]],
    voices: Voices,
    options: SoundStormOptions,
    rngs: Sequence[torch.Generator],
    on_progress: ProgressCallback | None = None,
) -> Tensor:
    """Make the codes of spans anew, one after another, each with `CONTEXT_S` on both sides given.

    Args:
        network: in eval mode.
        track: the spans and what surrounds them.
        spans: [first, stop) frames, in order and apart; each fits a window with its context. If one
            is followed by another directly, it ends where a semantic id does.
        voices: speaker to voice.
        options: how to decode.
        rngs: of each span, on the CPU.
        on_progress: told after every pass, of each span from the beginning.

    Returns:
        (Q, T) int64 codes of the track, the same outside the spans.
    """
    config = network.config
    prompts = {
        speaker_slot(speaker): prompt_of(voice, config)
        for speaker, voice in voices.items()
        if voice is not None
    }
    codes, known = track.codes.clone(), track.known.clone()
    # all spans are unknown until made
    for first, stop in spans:
        known[first:stop] = False
    for (first, stop), rng in zip(spans, rngs, strict=True):
        window, begin = _window_around(track, codes, known, (first, stop), prompts, config)
        (made,) = generate(network, [window], options, [rng], on_progress)
        # of the window, (Q, T of the window), only the span is new
        codes[:, first:stop] = made[:, first - begin : stop - begin]
        known[first:stop] = True
    return codes


def _window_around(
    track: Track,
    codes: Tensor,
    known: Tensor,
    span: tuple[int, int],
    prompts: Mapping[int, Prompt],
    config: SoundStormConfig,
) -> tuple[Window, int]:
    """The window of a span, and its first frame in the track. It begins and ends with an id."""
    per_id, context = config.frames_per_semantic, round(CONTEXT_S * track.rate_hz)
    # ids that the span touches, then the context around them
    first_id, stop_id = span[0] // per_id, -(-span[1] // per_id)
    begin_id = max(0, first_id - context)
    end_id = min(len(track.semantic_ids), stop_id + context)
    # what is given on the right ends where the next unknown frame begins
    unknown_after = (~known[span[1] :]).nonzero()
    if len(unknown_after):
        end_id = min(end_id, stop_id + int(unknown_after[0]) // per_id)
    frames = slice(begin_id * per_id, end_id * per_id)
    slots, given = track.slots[frames], known[frames]
    assert bool(given[: span[0] - frames.start].all()), f"unknown frames before {span}"
    window = Window(
        semantic_ids=track.semantic_ids[begin_id:end_id],
        slots=slots,
        prompts={slot: prompts[slot] for slot in sorted(set(slots.tolist())) if slot in prompts},
        given_codes=codes[:, frames],
        given_frames=given,
    )
    return window, frames.start
