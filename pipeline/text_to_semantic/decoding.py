"""Decodes a batch of sequences, several candidates each, one id a step."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.text_to_semantic.coverage import TextCoverage
from pipeline.text_to_semantic.layout import expected_piece_frames
from pipeline.text_to_semantic.model import EncodedText, Steps, TextToSemantic
from pipeline.text_to_semantic.sampling import draw_without_loops
from pipeline.text_to_semantic.torch_steps import TorchSteps

ROWS_STEP = 4
"""In float32, a CPU's product of few rows rounds otherwise than one of many, except for multiples
of this (MKL, 1 to 8 threads). In bfloat16 it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingOptions:
    """How ids are drawn and how long a piece may be.

    Attributes:
        temperature: above 0; lower is safer and flatter. 0: always the likeliest.
        top_k: how many of the likeliest ids may be drawn; 0: all.
        n_candidates: how often each sequence is spoken; the best is kept.
        loop_window: ids looked back at for loops; 25 are a second.
        max_loop_share: of them that one id may fill before it is drawn anew.
        min_length, max_length: bounds of a piece's length, as shares of the expected one.
        slack_ids: added to the upper bound, so that short pieces have room.
        max_ids_at_end: a piece ends when the attention has stayed on its last character this long.
    """

    temperature: float = 0.3
    top_k: int = 20
    n_candidates: int = 3
    loop_window: int = 25
    max_loop_share: float = 0.5
    min_length: float = 0.4
    max_length: float = 1.8
    slack_ids: int = 25
    max_ids_at_end: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One attempt at a sequence.

    Attributes:
        pieces: (S,) int64 of each piece.
        log_likelihood: mean over the ids.
        coverage: share of the characters that were attended to.
        backward_share: share of the steps in which the attention was back at earlier text.
        length_ratio: its length over the expected one.
        ended: False: it ran into the upper bound of its length.
    """

    pieces: tuple[Tensor, ...]
    log_likelihood: float
    coverage: float
    backward_share: float
    length_ratio: float
    ended: bool


@dataclass(slots=True, kw_only=True)
class _Rows:
    """What is known of each candidate; (B, C) unless said otherwise.

    `ids` and `n_said` are for all that was said; `piece` is the piece being spoken and `n_in_piece`
    how many ids it has. `uniforms` (B, C, steps, 2), `shortest`, `longest` and `n_pieces` ((B, P)
    and (B,)) are given. `numbers` (B,) tells which sequence a row is.
    """

    numbers: Tensor
    uniforms: Tensor
    shortest: Tensor
    longest: Tensor
    n_pieces: Tensor
    ids: Tensor
    piece: Tensor
    n_in_piece: Tensor
    n_said: Tensor
    likelihood: Tensor
    speaking: Tensor
    ended: Tensor

    def keep(self, rows: Tensor) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name)[rows])


def sequences_step(network: TextToSemantic, options: SamplingOptions) -> int:
    """Of how many sequences a multiple is decoded, so that none depends on its neighbours."""
    if network.to_logits.weight.dtype is not torch.float32:
        return 1
    return ROWS_STEP // math.gcd(ROWS_STEP, options.n_candidates)


def decode_batch(
    network: TextToSemantic,
    text: EncodedText,
    options: SamplingOptions,
    generators: Sequence[torch.Generator],
    on_step: Callable[[int], None],
) -> list[list[Candidate]]:
    """Speak every sequence `options.n_candidates` times.

    Args:
        network: in eval mode.
        text: B sequences; each has a piece.
        options: how ids are drawn.
        generators: on the CPU, one for each sequence, so that none depends on its neighbours.
        on_step: called now and then with how many sequences are finished; may raise to stop.

    Returns:
        For each sequence, its candidates.
    """
    return _Decoding(network, text, options, generators).run(on_step)


class _Decoding:
    def __init__(
        self,
        network: TextToSemantic,
        text: EncodedText,
        options: SamplingOptions,
        generators: Sequence[torch.Generator],
    ) -> None:
        self.text, self.options = text, options
        self.alphabet = network.alphabet
        self._step = sequences_step(network, options)
        B = len(generators)
        config = network.config
        self.expected = [expected_piece_frames(text.layout, row, config) for row in range(B)]
        self.rows = self._new_rows(generators)
        n_rows, n_steps = B * options.n_candidates, self.rows.ids.shape[2]
        self.steps = _new_steps(network, text, n_rows, n_steps)
        self.coverage = TextCoverage(text.layout, options.n_candidates, self.rows.n_pieces)
        self.candidates: list[list[Candidate]] = [[] for _ in range(B)]

    def run(self, on_step: Callable[[int], None]) -> list[list[Candidate]]:
        B, C, n_steps = self.rows.ids.shape
        fed = torch.full((B, C), self.alphabet.start_id, device=self.rows.ids.device)
        for step in range(n_steps):
            # all B * C rows at once: logits (B * C, n_said), attention (B, C, L)
            logits, attention = self.steps.step(fed.flatten(), step)
            self.coverage.advance(attention, self.rows.piece, self.rows.speaking)
            # the next id of every candidate, (B, C)
            fed = self._say(logits.view(*fed.shape, -1), step)
            # a sequence goes on while one of its candidates speaks: (B,)
            speaking = self.rows.speaking.any(dim=1)
            n_speaking = int(speaking.sum())
            n_kept = self._n_kept(n_speaking)
            if n_kept < len(fed) or not n_speaking:
                # shrink the batch: those that still speak come first, the others are put aside
                kept, left = speaking.argsort(descending=True, stable=True).tensor_split([n_kept])
                self._collect(left if n_speaking else torch.arange(len(fed)))
                if not n_speaking:
                    break
                fed = fed[kept]
                self._keep(kept)
            if step % 10 == 0:
                on_step(B - n_speaking)
        return self.candidates

    def _n_kept(self, n_speaking: int) -> int:
        """How many sequences go on: a power of two, so that there are few shapes to get ready for.

        Those that are finished go on with the others for a while, unheard.
        """
        power_of_two = 1 << max(0, n_speaking - 1).bit_length()
        return power_of_two + -power_of_two % self._step

    def _new_rows(self, generators: Sequence[torch.Generator]) -> _Rows:
        B, C, device = len(generators), self.options.n_candidates, self.text.layout.spoken.device
        bounds = [_bounds(expected, self.options) for expected in self.expected]
        # all pieces at their longest, and the stop id
        lengths = [int(longest.sum()) + 1 for _, longest in bounds]
        # all random numbers of a sequence, drawn from its own generator: (B, C, steps, 2)
        uniforms = torch.zeros(B, C, max(lengths), 2)
        for row, generator in enumerate(generators):
            drawn = torch.rand(C, lengths[row], 2, generator=generator)
            uniforms[row, :, : lengths[row]] = drawn
        counts = torch.zeros(B, C, dtype=torch.int64, device=device)
        return _Rows(
            numbers=torch.arange(B, device=device),
            uniforms=uniforms.to(device),
            shortest=_stack([shortest for shortest, _ in bounds]),
            longest=_stack([longest for _, longest in bounds]),
            n_pieces=torch.tensor([len(each) for each in self.expected], device=device),
            ids=torch.full((B, C, max(lengths)), self.alphabet.stop_id, device=device),
            piece=counts,
            n_in_piece=counts.clone(),
            n_said=counts.clone(),
            likelihood=torch.zeros(B, C, device=device),
            speaking=torch.ones(B, C, dtype=torch.bool, device=device),
            ended=torch.ones(B, C, dtype=torch.bool, device=device),
        )

    def _say(self, logits: Tensor, step: int) -> Tensor:
        """Choose the next id (B, C) of every candidate and take note of it."""
        rows, options = self.rows, self.options
        # what ends the piece being spoken: stop after the last one, else turn change; (B, C)
        is_last = rows.piece == rows.n_pieces[:, None] - 1
        ending = torch.where(is_last, self.alphabet.stop_id, self.alphabet.turn_change_id)
        # it may end when the attention has been at its end and it is not too short
        may_end = self.coverage.has_reached_end(rows.piece)
        may_end &= rows.n_in_piece >= rows.shortest.gather(1, rows.piece)
        # it must at its upper bound, or when the attention rests on its last character
        ran_on = rows.n_in_piece >= rows.longest.gather(1, rows.piece) - 1
        must_end = ran_on | (may_end & (self.coverage.n_at_end >= options.max_ids_at_end))
        # no other ending can be drawn: (B, C, n_said)
        logits = self._without_endings(logits, ending, may_end | must_end)
        # nothing counts as a loop before there is a whole window to look back at
        recent = (
            rows.ids[:, :, step - options.loop_window : step]
            if step >= options.loop_window
            else rows.ids[:, :, :0]
        )
        drawn = draw_without_loops(
            logits.flatten(0, 1),
            rows.uniforms[:, :, step].flatten(0, 1),
            recent.flatten(0, 1),
            options.temperature,
            options.top_k,
            options.max_loop_share,
        ).view_as(ending)
        # an ending that must come overrules the draw, and does not count as likely or not
        said = torch.where(must_end, ending, drawn)
        likelihood = logits.log_softmax(dim=-1).gather(2, said[..., None])[..., 0]
        rows.likelihood += torch.where(rows.speaking & ~must_end, likelihood, 0.0)
        # take note; candidates that are finished stay as they are
        rows.ids[:, :, step] = torch.where(rows.speaking, said, rows.ids[:, :, step])
        rows.n_said += rows.speaking
        rows.ended &= ~(ran_on & rows.speaking)
        # a turn change opens the next piece, stop ends the candidate
        changes = rows.speaking & (said == self.alphabet.turn_change_id)
        rows.n_in_piece = torch.where(changes, 0, rows.n_in_piece + 1)
        rows.piece = rows.piece + changes
        rows.speaking = rows.speaking & (said != self.alphabet.stop_id)
        return said

    def _without_endings(self, logits: Tensor, ending: Tensor, may_end: Tensor) -> Tensor:
        """Forbid turn change and stop, except the one that is due and allowed."""
        # the logit of the ending that is due: (B, C, 1)
        kept = logits.gather(2, ending[..., None])
        first = self.alphabet.turn_change_id
        logits = logits.clone()
        # turn change and stop stand last in the alphabet
        logits[..., first:] = -torch.inf
        return logits.scatter(
            2, ending[..., None], kept.masked_fill(~may_end[..., None], -torch.inf)
        )

    def _collect(self, finished: Tensor) -> None:
        """Put the candidates of finished sequences aside."""
        coverage, backward = self.coverage.covered_share(), self.coverage.backward_share()
        for row in finished.tolist():
            number = int(self.rows.numbers[row])
            expected = float(self.expected[number].sum())
            for c in range(self.options.n_candidates):
                n_said = int(self.rows.n_said[row, c])
                # without the stop id
                ids = self.rows.ids[row, c, : n_said - 1].cpu()
                pieces = _split(ids, self.alphabet.turn_change_id)
                self.candidates[number].append(
                    Candidate(
                        pieces=pieces,
                        log_likelihood=float(self.rows.likelihood[row, c]) / n_said,
                        coverage=float(coverage[row, c]),
                        backward_share=float(backward[row, c]),
                        length_ratio=sum(len(piece) for piece in pieces) / expected,
                        ended=bool(self.rows.ended[row, c]),
                    )
                )

    def _keep(self, kept: Tensor) -> None:
        """Go on with some of the sequences only."""
        C = self.options.n_candidates
        # rows of B * C that belong to the kept sequences
        candidates = (kept[:, None] * C + torch.arange(C, device=kept.device)).flatten()
        self.rows.keep(kept)
        self.coverage.keep(kept)
        self.steps.keep(kept, candidates)


def _new_steps(network: TextToSemantic, text: EncodedText, n_rows: int, n_steps: int) -> Steps:
    if network.engine is not None:
        return network.engine.steps(text, n_rows)
    return TorchSteps(network, text, n_rows, n_steps)


def _bounds(expected: Tensor, options: SamplingOptions) -> tuple[Tensor, Tensor]:
    """Fewest and most ids (P,) int64 of each piece, what ends it included in the second."""
    shortest = (expected * options.min_length).floor().clamp(min=1)
    longest = (expected * options.max_length).ceil() + options.slack_ids
    return shortest.to(torch.int64), longest.to(torch.int64)


def _stack(rows: Sequence[Tensor]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)


def _split(ids: Tensor, separator: int) -> tuple[Tensor, ...]:
    """The ids between separators."""
    ends = (ids == separator).nonzero()[:, 0].tolist()
    starts = [0, *(end + 1 for end in ends)]
    return tuple(ids[start:end] for start, end in zip(starts, [*ends, len(ids)], strict=True))
