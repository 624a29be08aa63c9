"""Turns ⇄ the windows SoundStorm decodes as a batch.

A turn is a window of its own (`plan_turns`), or as many turns as fit follow each other in one, each
under its own speaker's slot (`plan_windows`, as in the paper). A turn longer than a window goes on
in the next one. No window sees another's output: all are anchored on the same prompts.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.config.networks import SoundStormConfig
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.datatypes.voice import Voice, Voices
from pipeline.errors import ConfigError
from pipeline.semantic_to_acoustic.sequence import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A run of semantic ids of one turn: [start, stop)."""

    turn: int
    start: int
    stop: int


def speaker_slot(speaker: str) -> int:
    """Slot of a canonical speaker: 1 for "S1"."""
    return int(speaker.removeprefix("S"))


def prompt_of(voice: Voice, config: SoundStormConfig) -> tuple[Tensor, Tensor]:
    """The beginning of a voice, as long as a prompt may be.

    Returns:
        Semantic ids (S,) int64 and the codes (Q, T) int64 of the same sound,
        T = S * frames_per_semantic.
    """
    most = config.prompt_frames_max // config.frames_per_semantic
    n_ids = min(most, len(voice.semantic_ids), voice.codes.shape[-1] // config.frames_per_semantic)
    return voice.semantic_ids[:n_ids], voice.codes[:, : n_ids * config.frames_per_semantic]


def plan_turns(
    semantic: Sequence[SemanticTokens], max_window_ids: Mapping[str, int]
) -> list[list[Chunk]]:
    """Give every turn windows of its own, so that no turn depends on another one.

    Args:
        semantic: one value per turn.
        max_window_ids: speaker to semantic ids that fit a window of theirs; at least 1.

    Returns:
        For each window, the one chunk it holds, in script order. A turn longer than a window is
        cut where a piece of it ends, and inside a piece only if that is longer than a window.
    """
    return [
        [Chunk(turn=turn, start=start, stop=stop)]
        for turn, tokens in enumerate(semantic)
        for start, stop in _spans_of_pieces(tokens, max_window_ids[tokens.speaker])
    ]


def _spans_of_pieces(tokens: SemanticTokens, longest: int) -> list[tuple[int, int]]:
    """[start, stop) of consecutive pieces, as many together as are no longer than asked."""
    edges = [0, *tokens.piece_starts, len(tokens.semantic_ids)]
    spans: list[tuple[int, int]] = []
    for first, last in itertools.pairwise(edges):
        # a piece joins the ones before while all fit; one too long is cut evenly
        if spans and last - spans[-1][0] <= longest:
            spans[-1] = (spans[-1][0], last)
        else:
            spans += [(first + a, first + b) for a, b in _even_spans(last - first, longest)]
    return spans


def plan_windows(semantic: Sequence[SemanticTokens], max_window_ids: int) -> list[list[Chunk]]:
    """Share the turns out into windows, in order, none longer than asked.

    Args:
        semantic: one value per turn.
        max_window_ids: semantic ids that fit a window; at least 1.

    Returns:
        For each window, the chunks it holds; every id of every turn is in exactly one of them.
    """
    windows: list[list[Chunk]] = [[]]
    room = max_window_ids
    for turn, tokens in enumerate(semantic):
        for start, stop in _even_spans(len(tokens.semantic_ids), max_window_ids):
            if stop - start > room:
                windows.append([])
                room = max_window_ids
            windows[-1].append(Chunk(turn=turn, start=start, stop=stop))
            room -= stop - start
    return [window for window in windows if window]


def _even_spans(n_ids: int, longest: int) -> list[tuple[int, int]]:
    n_spans = -(-n_ids // longest)
    edges = [n_ids * index // n_spans for index in range(n_spans)] + [n_ids]
    return list(itertools.pairwise(edges))


def max_window_ids(
    voices: Voices, config: SoundStormConfig, max_window_s: float, rate_hz: float
) -> int:
    """Semantic ids that fit a window beside the prompts of every voice.

    Raises:
        ConfigError: if the prompts alone fill the network's longest sequence.
    """
    prompts = [
        prompt_of(voice, config)[1].shape[-1] for voice in voices.values() if voice is not None
    ]
    taken_frames = sum(prompts) + config.segment_gap_frames * (len(prompts) + 1)
    free_ids = (config.max_frames - taken_frames) // config.frames_per_semantic
    if free_ids < 1:
        raise ConfigError(
            f"voice prompts fill {taken_frames} of {config.max_frames} frames and leave none for "
            "speech; use fewer speakers or shorter recordings"
        )
    return max(1, min(free_ids, round(max_window_s * rate_hz)))


def build_windows(
    semantic: Sequence[SemanticTokens],
    plan: Sequence[Sequence[Chunk]],
    voices: Voices,
    config: SoundStormConfig,
) -> list[Window]:
    """Make the windows of a plan: ids, slots, and the prompts of those who speak in them.

    Args:
        semantic: one value per turn.
        plan: as `plan_windows` gives it.
        voices: speaker to voice; a speaker with `None` gets no prompt.
        config: SoundStorm's.
    """
    prompts = {
        speaker_slot(speaker): prompt_of(voice, config)
        for speaker, voice in voices.items()
        if voice is not None
    }
    return [_build_window(semantic, chunks, prompts, config) for chunks in plan]


def _build_window(
    semantic: Sequence[SemanticTokens],
    chunks: Sequence[Chunk],
    prompts: Mapping[int, tuple[Tensor, Tensor]],
    config: SoundStormConfig,
) -> Window:
    ids = [semantic[chunk.turn].semantic_ids[chunk.start : chunk.stop] for chunk in chunks]
    slots = [speaker_slot(semantic[chunk.turn].speaker) for chunk in chunks]
    frames = [
        torch.full((len(piece) * config.frames_per_semantic,), slot)
        for piece, slot in zip(ids, slots, strict=True)
    ]
    return Window(
        semantic_ids=torch.cat(ids),
        slots=torch.cat(frames),
        prompts={slot: prompts[slot] for slot in sorted(set(slots)) if slot in prompts},
        given_codes=None,
        given_frames=None,
    )


def windows_to_turns(
    window_codes: Sequence[Tensor],
    plan: Sequence[Sequence[Chunk]],
    semantic: Sequence[SemanticTokens],
    config: SoundStormConfig,
) -> tuple[AcousticTokens, ...]:
    """Cut decoded windows back into turns.

    Args:
        window_codes: (Q, T) int64 for each window.
        plan: what the windows hold.
        semantic: one value per turn; its pauses move to the same moments in frames.
        config: SoundStorm's.

    Returns:
        One value per turn, in script order.
    """
    frames_per_id = config.frames_per_semantic
    parts: list[list[Tensor]] = [[] for _ in semantic]
    for codes, chunks in zip(window_codes, plan, strict=True):
        sizes = [(chunk.stop - chunk.start) * frames_per_id for chunk in chunks]
        # (Q, T) of the window → (Q, T) of each chunk
        for chunk, part in zip(chunks, torch.split(codes, sizes, dim=-1), strict=True):
            parts[chunk.turn].append(part)
    return tuple(
        codes_to_turn(torch.cat(parts[index], dim=-1), tokens, config)
        for index, tokens in enumerate(semantic)
    )


def codes_to_turn(
    codes: Tensor, semantic: SemanticTokens, config: SoundStormConfig
) -> AcousticTokens:
    """Codes (Q, T) with what is known of their turn; pauses move to the same moments in frames."""
    per_id = config.frames_per_semantic
    return AcousticTokens(
        codes=codes,
        speaker=semantic.speaker,
        frame_rate_hz=semantic.rate_hz * per_id,
        pauses=tuple((position * per_id, pause_s) for position, pause_s in semantic.pauses),
    )
