"""Examples for SoundStorm: prompts and dialogue windows joined from single-speaker recordings.

Every example of a batch is cut to the same number of frames, so that nothing is padded. Turns
follow each other directly, as in generation: the recordings' own silence parts them.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.config.networks import SoundStormConfig
from pipeline.errors import ConfigError
from pipeline.semantic_to_acoustic.masking import draw_hidden, hide_codes
from pipeline.semantic_to_acoustic.sequence import FrameSequence, Prompt, Window, window_to_sequence
from training.datasets import TokenCorpus, TokenisedUtterance

SHORTEST_PASSAGE_IDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundStormDataConfig:
    """How examples are drawn. Lengths are in semantic ids.

    Attributes:
        batch_frames: acoustic frames in a batch, prompts included.
        lengths: (frames of an example, prompts included; how often).
        speaker_counts: how often an example has 1, 2, ... speakers.
        prompt_ids: shortest and longest prompt; short ones are more frequent.
        prompt_share: most that prompts together may take of an example.
        turn_ids: shortest and longest turn where several speak.
        first_level: share of examples that train level 1;
        level_fall: the rest falls as this power of 1 / level.
        unprompted: probability of an example without any prompt.
        prefix: probability that the window's start is given.
        spans: probability that both sides of a hidden span are given.
        fully_hidden: probability that a level above the first is hidden altogether, which is all
            that generation in one pass per level meets.
        source_shares: how often a speaker of each source is drawn.
        favoured: speakers, such as the voices that ship, who together
        favoured_share: are drawn so often; the shares of sources are those of the rest.
        shortest_speaker_ids: speakers with less speech are left out.
    """

    batch_frames: int = 1600
    lengths: tuple[tuple[int, float], ...] = ((400, 0.55), (800, 0.4), (1600, 0.05))
    speaker_counts: tuple[float, ...] = (0.5, 0.4, 0.06, 0.04)
    prompt_ids: tuple[int, int] = (25, 150)
    prompt_share: float = 0.45
    turn_ids: tuple[int, int] = (20, 125)
    first_level: float = 0.4
    level_fall: float = 1.0
    unprompted: float = 0.1
    prefix: float = 0.2
    spans: float = 0.15
    fully_hidden: float = 0.5
    source_shares: tuple[tuple[str, float], ...] = (
        ("flite", 0.25),
        ("world", 0.4),
        ("human", 0.35),
    )
    favoured: tuple[str, ...] = ()
    favoured_share: float = 0.0
    shortest_speaker_ids: int = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundStormBatch:
    """Sequences of one length.

    Attributes:
        semantic_ids: (B, T) int64.
        slots: (B, T) int64.
        codes: (B, Q, T) int64, the true ones; hidden only in gaps.
        given: (B, T) bool, frames never predicted.
        prompts: (B, T) bool, frames before the window.
        level: (B,) int64 in [0, Q), the level each row learns.
        hidden: (B, T) bool, frames to predict at that level.
    """

    semantic_ids: Tensor
    slots: Tensor
    codes: Tensor
    given: Tensor
    prompts: Tensor
    level: Tensor
    hidden: Tensor

    def seen_codes(self, hidden_code: int) -> Tensor:
        """Codes (B, Q, T) as the network may see them."""
        return hide_codes(self.codes, self.level, self.hidden, self.given, hidden_code)

    def to(self, device: torch.device) -> "SoundStormBatch":
        """The same batch on a device."""
        return SoundStormBatch(
            **{
                field.name: getattr(self, field.name).to(device)
                for field in dataclasses.fields(self)
            }
        )


@dataclass(frozen=True, slots=True)
class _Passage:
    """A stretch of one recording, in semantic ids."""

    utterance: TokenisedUtterance
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def cut(self, length: int, rng: torch.Generator) -> "_Passage":
        """A part of at most `length` ids: as often from the very start as from anywhere."""
        room = max(0, len(self) - length)
        offset = 0 if _chance(0.5, rng) else _integer(0, room, rng)
        return _Passage(
            self.utterance, self.start + offset, min(self.stop, self.start + offset + length)
        )


class SoundStormSource:
    """Draws examples and batches from the token corpus.

    Args:
        corpus: the tokens.
        utterances: those to draw from.
        network: alphabets, rates and slots.
        config: how to draw.

    Raises:
        ConfigError: if no utterance is long enough.
    """

    def __init__(
        self,
        corpus: TokenCorpus,
        utterances: Sequence[TokenisedUtterance],
        network: SoundStormConfig,
        config: SoundStormDataConfig,
    ) -> None:
        self.corpus, self.network, self.config = corpus, network, config
        by_speaker: dict[str, list[_Passage]] = {}
        for utterance in utterances:
            if utterance.n_semantic >= SHORTEST_PASSAGE_IDS:
                passage = _Passage(utterance, 0, utterance.n_semantic)
                by_speaker.setdefault(utterance.speaker, []).append(passage)
        by_speaker = _with_enough_speech(by_speaker, config.shortest_speaker_ids)
        if not by_speaker:
            raise ConfigError(
                f"soundstorm: none of {len(utterances)} utterances has {SHORTEST_PASSAGE_IDS} "
                "semantic ids; the token corpus needs longer recordings"
            )
        # prompt and window come from different recordings: a single one is halved
        self._speakers = [
            passages if len(passages) > 1 else _halves(passages[0])
            for passages in by_speaker.values()
        ]
        self._weights = _speaker_weights(self._speakers, config)
        # how often each level is trained: (Q,)
        falling = torch.tensor(
            [level**-config.level_fall for level in range(2, network.n_levels + 1)]
        )
        rest = (1 - config.first_level) * falling / falling.sum()
        self._level_weights = torch.cat((torch.tensor([config.first_level]), rest))

    def draw_batch(self, rng: torch.Generator) -> SoundStormBatch:
        """Examples of one random length, each with a level and a mask of its own.

        Args:
            rng: CPU generator.
        """
        weights = torch.tensor([weight for _, weight in self.config.lengths])
        n_frames, _ = self.config.lengths[int(torch.multinomial(weights, 1, generator=rng))]
        n_rows = max(1, round(self.config.batch_frames / n_frames))
        examples = [self.draw_example(n_frames, rng) for _ in range(n_rows)]
        level = torch.multinomial(self._level_weights, n_rows, replacement=True, generator=rng)
        hidden = [
            draw_hidden(example.given, self._draw_ratio(int(q), rng), rng)
            for example, q in zip(examples, level, strict=True)
        ]
        return stack(examples, level, torch.stack(hidden))

    def draw_example(self, n_frames: int, rng: torch.Generator) -> FrameSequence:
        """One window behind its prompts, codes true, of exactly this many frames.

        Args:
            n_frames: T; a multiple of `frames_per_semantic`.
            rng: CPU generator.
        """
        # who speaks, in which slots; a single speaker without a prompt may be unknown
        total = n_frames // self.network.frames_per_semantic
        speakers = self._draw_speakers(rng)
        slots = (torch.randperm(self.network.n_slots, generator=rng)[: len(speakers)] + 1).tolist()
        prompted = not _chance(self.config.unprompted, rng)
        if not prompted and len(speakers) == 1 and _chance(0.5, rng):
            slots = [0]
        # a prompt for each, of a recording that the window then does without
        prompts: dict[int, Prompt] = {}
        taken: list[_Passage | None] = [None] * len(speakers)
        for index, passages in enumerate(speakers if prompted else []):
            taken[index] = _choose(passages, rng)
            prompts[slots[index]] = self._tokens(
                self._cut_prompt(taken[index], total // len(speakers), rng)
            )
        # the window takes what prompts and gaps leave
        gap = self.network.segment_gap_frames // self.network.frames_per_semantic
        left = total - sum(len(semantic_ids) + gap for semantic_ids, _ in prompts.values())
        others = [
            [p for p in passages if p is not used]
            for passages, used in zip(speakers, taken, strict=True)
        ]
        window = self._draw_window(others, slots, left, rng)
        sequence = window_to_sequence(dataclasses.replace(window, prompts=prompts), self.network)
        # and some of its codes are given
        given = sequence.given.clone()
        given[sequence.window_start :] = self._draw_given(
            n_frames - sequence.window_start, prompted, rng
        )
        return dataclasses.replace(sequence, given=given)

    def _draw_speakers(self, rng: torch.Generator) -> list[list[_Passage]]:
        counts = torch.tensor(self.config.speaker_counts[: len(self._speakers)])
        n_speakers = 1 + int(torch.multinomial(counts, 1, generator=rng))
        return [
            self._speakers[i] for i in torch.multinomial(self._weights, n_speakers, generator=rng)
        ]

    def _cut_prompt(self, passage: _Passage | None, room: int, rng: torch.Generator) -> _Passage:
        assert passage is not None
        shortest, longest = self.config.prompt_ids
        length = round(shortest + (longest - shortest) * float(torch.rand((), generator=rng)) ** 2)
        most = self.network.prompt_frames_max // self.network.frames_per_semantic
        return passage.cut(max(1, min(length, most, int(self.config.prompt_share * room))), rng)

    def _draw_window(
        self, speakers: list[list[_Passage]], slots: list[int], n_ids: int, rng: torch.Generator
    ) -> Window:
        shortest, longest = self.config.turn_ids
        turns: list[_Passage] = []
        turn_slots: list[int] = []
        speaker = _integer(0, len(speakers) - 1, rng)
        # turns until they are enough; where several speak, nobody twice in a row
        while sum(map(len, turns)) < n_ids:
            turn = _choose(speakers[speaker], rng)
            turns.append(
                turn if len(speakers) == 1 else turn.cut(_integer(shortest, longest, rng), rng)
            )
            turn_slots.append(slots[speaker])
            if len(speakers) > 1:
                speaker = (speaker + _integer(1, len(speakers) - 1, rng)) % len(speakers)
        tokens = [self._tokens(turn) for turn in turns]
        # what is too much goes at the end or at the beginning, in ids and in frames
        kept = slice(0, n_ids) if _chance(0.5, rng) else slice(-n_ids, None)
        rate = self.network.frames_per_semantic
        frames = slice(0, n_ids * rate) if kept.start == 0 else slice(-n_ids * rate, None)
        lengths = torch.tensor([codes.shape[1] for _, codes in tokens])
        return Window(
            semantic_ids=torch.cat([semantic_ids for semantic_ids, _ in tokens])[kept],
            slots=torch.tensor(turn_slots).repeat_interleave(lengths)[frames],
            prompts={},
            given_codes=torch.cat([codes for _, codes in tokens], dim=1)[:, frames],
            given_frames=torch.ones(n_ids * rate, dtype=torch.bool),
        )

    def _draw_given(self, n_frames: int, prompted: bool, rng: torch.Generator) -> Tensor:
        kind = float(torch.rand((), generator=rng))
        given = torch.zeros(n_frames, dtype=torch.bool)
        if prompted and kind < self.config.prefix:
            given[: _integer(0, n_frames - 1, rng)] = True
        elif prompted and kind < self.config.prefix + self.config.spans:
            length = _integer(max(1, n_frames // 10), max(1, n_frames // 2), rng)
            start = _integer(0, n_frames - length, rng)
            given[:] = True
            given[start : start + length] = False
        return given

    def _draw_ratio(self, level: int, rng: torch.Generator) -> float:
        if level > 0 and _chance(self.config.fully_hidden, rng):
            return 1.0
        return float(torch.cos(0.5 * torch.pi * torch.rand((), generator=rng)))

    def _tokens(self, passage: _Passage) -> Prompt:
        rate = self.network.frames_per_semantic
        semantic_ids = self.corpus.semantic_ids(passage.utterance)[passage.start : passage.stop]
        codes = self.corpus.codes(passage.utterance)[:, passage.start * rate : passage.stop * rate]
        return semantic_ids, codes


def stack(examples: Sequence[FrameSequence], level: Tensor, hidden: Tensor) -> SoundStormBatch:
    """Put sequences of one length together.

    Args:
        examples: of `SoundStormSource.draw_example`.
        level: (B,) int64, the level each learns.
        hidden: (B, T) bool, the frames to predict.
    """
    positions = torch.arange(examples[0].n_frames)
    return SoundStormBatch(
        semantic_ids=torch.stack([example.semantic_ids for example in examples]),
        slots=torch.stack([example.slots for example in examples]),
        codes=torch.stack([example.codes for example in examples]),
        given=torch.stack([example.given for example in examples]),
        prompts=torch.stack([positions < example.window_start for example in examples]),
        level=level,
        hidden=hidden,
    )


def _with_enough_speech(
    by_speaker: dict[str, list[_Passage]], shortest_ids: int
) -> dict[str, list[_Passage]]:
    """Speakers with at least so many ids; all of them if none has."""
    enough = {
        speaker: passages
        for speaker, passages in by_speaker.items()
        if sum(map(len, passages)) >= shortest_ids
    }
    return enough or by_speaker


def _speaker_weights(
    speakers: Sequence[Sequence[_Passage]], config: SoundStormDataConfig
) -> Tensor:
    """(speakers,) weights: by group; inside one, between every speaker and every hour alike."""
    firsts = [passages[0].utterance for passages in speakers]
    groups = ["" if u.speaker in config.favoured else u.source for u in firsts]
    others = 1.0 - config.favoured_share
    shares = {name: share * others for name, share in config.source_shares}
    shares[""] = config.favoured_share
    weights = torch.tensor([sum(map(len, passages)) ** 0.5 for passages in speakers])
    for group in set(groups):
        rows = torch.tensor([own == group for own in groups])
        weights[rows] *= shares.get(group, others) / weights[rows].sum()
    return weights


def _halves(passage: _Passage) -> list[_Passage]:
    middle = (passage.start + passage.stop) // 2
    return [
        _Passage(passage.utterance, passage.start, middle),
        _Passage(passage.utterance, middle, passage.stop),
    ]


def _choose(passages: Sequence[_Passage], rng: torch.Generator) -> _Passage:
    return passages[_integer(0, len(passages) - 1, rng)]


def _integer(low: int, high: int, rng: torch.Generator) -> int:
    return int(torch.randint(low, high + 1, (), generator=rng))


def _chance(probability: float, rng: torch.Generator) -> bool:
    return float(torch.rand((), generator=rng)) < probability
