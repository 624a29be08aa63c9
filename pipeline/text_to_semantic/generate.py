"""Stage 3 of 6: text ids → semantic ids; speaks each sequence several times and keeps the best.

Autoregressive text-to-speech skips words and loops. Against that: candidates in one batch ranked
by likelihood, by how much of the text the guided heads attended to, and by length; sampling that
leaves loops; bounds on the length; new attempts; and an error where all fail.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.config.networks import TextToSemanticConfig
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.tokens import TextTokens
from pipeline.errors import ScriptError, ShapeError
from pipeline.text_to_semantic.decoding import (
    Candidate,
    SamplingOptions,
    decode_batch,
    sequences_step,
)
from pipeline.text_to_semantic.layout import expected_piece_frames, read_layout
from pipeline.text_to_semantic.model import TextToSemantic

STAGE = "semantic"

TEXT_STEP = 32
"""Texts are padded to a multiple of this: what is made of one then does not depend, bit for bit,
on the longest one beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToSemanticOptions:
    """How to speak; no part of the weights.

    Attributes:
        sampling: how ids are drawn, and how many candidates.
        coverage_weight, backward_weight, length_weight: what a candidate loses, in nats per id, for
            text not attended to, for steps back, and for a length off by a factor of e.
        min_coverage: a candidate that attended to a smaller share of its text is not accepted.
        max_retries: how often a sequence is tried again when no candidate is accepted.
        strict: `False` takes the best candidate even if none is acceptable.
        max_rows: candidates decoded at once; bounds the memory.
    """

    sampling: SamplingOptions = field(default_factory=SamplingOptions)
    coverage_weight: float = 5.0
    backward_weight: float = 2.0
    length_weight: float = 0.5
    min_coverage: float = 0.7
    max_retries: int = 2
    strict: bool = True
    max_rows: int = 96


@torch.inference_mode()
def generate(
    network: TextToSemantic,
    sequences: Sequence[TextTokens],
    prompts: Sequence[Tensor | None],
    options: TextToSemanticOptions,
    rng: torch.Generator | Sequence[torch.Generator],
    on_progress: ProgressCallback | None = None,
) -> list[list[Tensor]]:
    """Speak the sequences.

    Args:
        network: in eval mode.
        sequences: what to say.
        prompts: for each sequence semantic ids (P,) int64 of the voice, or `None`. Of a long one
            the end is used.
        options: how to speak.
        rng: on the CPU; one, or one for each sequence. From one, every sequence gets its own by its
            number, so that a change to one does not change the others: on a CPU, what is said of a
            sequence is the same to the last bit whatever is spoken beside it.
        on_progress: called as `on_progress("semantic", finished, total)`.

    Returns:
        For each sequence, for each of its pieces, (S,) int64 semantic ids, on the CPU.

    Raises:
        ShapeError: if a sequence's pieces do not match its ids, or an id is not of the alphabet.
        ScriptError: if a sequence is too long, or no candidate of it could be accepted.
    """
    for sequence, prompt in zip(sequences, prompts, strict=True):
        _check(sequence, prompt, network.config)
    speaker = _Speaker(network, sequences, prompts, options)
    generators = _generators(rng, len(sequences))
    chosen: dict[int, Candidate] = {}
    for _ in range(1 + options.max_retries):
        pending = [number for number in range(len(sequences)) if number not in chosen]
        for group in speaker.groups(pending):
            n_before = len(chosen)
            candidates = speaker.speak(
                group,
                [generators[number] for number in group],
                _reporter(on_progress, n_before, len(sequences)),
            )
            for number, attempts in zip(group, candidates, strict=True):
                best = max(attempts, key=lambda candidate: score(candidate, options))
                if is_acceptable(best, options) or not options.strict:
                    chosen[number] = best
    for number, sequence in enumerate(sequences):
        if number not in chosen:
            raise ScriptError(
                f"{' / '.join(sequence.texts)!r} could not be spoken completely in "
                f"{1 + options.max_retries} attempts; another wording, shorter sentences or "
                "another seed may work",
                turn=sequence.turn_indices[0],
            )
    if on_progress is not None:
        on_progress(STAGE, len(sequences), len(sequences))
    return [list(chosen[number].pieces) for number in range(len(sequences))]


def score(candidate: Candidate, options: TextToSemanticOptions) -> float:
    """How good a candidate is, in nats per id; what may not be accepted is below all that may."""
    uncovered = 1.0 - candidate.coverage
    off_length = abs(math.log(max(candidate.length_ratio, 1e-3)))
    penalty = (
        options.coverage_weight * uncovered
        + options.backward_weight * candidate.backward_share
        + options.length_weight * off_length
    )
    refused = 0.0 if is_acceptable(candidate, options) else 1000.0
    return candidate.log_likelihood - penalty - refused


def is_acceptable(candidate: Candidate, options: TextToSemanticOptions) -> bool:
    """Whether a candidate may be heard: it ended by itself, said enough, and no piece is empty."""
    complete = candidate.ended and all(len(piece) for piece in candidate.pieces)
    return complete and candidate.coverage >= options.min_coverage


class _Speaker:
    """Decodes chosen sequences in batches."""

    def __init__(
        self,
        network: TextToSemantic,
        sequences: Sequence[TextTokens],
        prompts: Sequence[Tensor | None],
        options: TextToSemanticOptions,
    ) -> None:
        self.network, self.options = network, options
        self.device = network.to_logits.weight.device
        n_prompt = network.config.max_prompt_ids
        self.prompts = [None if p is None or not len(p) else p[-n_prompt:] for p in prompts]
        self.texts = [sequence.text_ids for sequence in sequences]
        self.paces = [sequence.pace for sequence in sequences]
        self.expected = [_expected_frames(text, network.config).sum() for text in self.texts]

    def groups(self, numbers: Sequence[int]) -> list[list[int]]:
        """Sequences to decode together: of like length, so that few wait for one."""
        n_together = max(1, self.options.max_rows // self.options.sampling.n_candidates)
        by_length = sorted(numbers, key=lambda number: float(self.expected[number]))
        return [by_length[i : i + n_together] for i in range(0, len(by_length), n_together)]

    def speak(
        self,
        numbers: Sequence[int],
        generators: Sequence[torch.Generator],
        on_step: Callable[[int], None],
    ) -> list[list[Candidate]]:
        """Candidates of each sequence; on a CPU none depends on another, to the last bit."""
        n_wanted, step = len(numbers), sequences_step(self.network, self.options.sampling)
        fillers = [numbers[-1]] * (-n_wanted % step)
        numbers, generators = (
            [*numbers, *fillers],
            [*generators, *(torch.Generator() for _ in fillers)],
        )
        texts = [self.texts[number] for number in numbers]
        text_ids = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True).to(self.device)
        text_ids = F.pad(text_ids, (0, -text_ids.shape[1] % TEXT_STEP))
        lengths = torch.tensor([len(text) for text in texts], device=self.device)
        valid = torch.arange(text_ids.shape[1], device=self.device) < lengths[:, None]
        prompts = [self.prompts[number] for number in numbers]
        paces = [self.paces[number] for number in numbers]
        durations = paced_durations(self.network, text_ids, valid, prompts, paces)
        encoded = self.network.encode(text_ids, valid, prompts, durations)
        candidates = decode_batch(self.network, encoded, self.options.sampling, generators, on_step)
        return candidates[:n_wanted]


def paced_durations(
    network: TextToSemantic,
    text_ids: Tensor,
    valid: Tensor,
    prompts: Sequence[Tensor | None],
    paces: Sequence[Sequence[float]],
) -> Tensor | None:
    """How long each character shall last: its usual duration over the pace of its piece.

    The alphabet knows nine paces; what the network makes of them is near what they ask, not exact.

    Args:
        network: predicts the usual durations.
        text_ids: (B, L) int64.
        valid: (B, L) bool; False is padding.
        prompts: for each row semantic ids (P,) int64 of the voice, or `None`.
        paces: for each row, of each of its pieces.

    Returns:
        (B, L) float32 semantic ids; `None` if every pace is the usual one.
    """
    if all(pace == 1.0 for row in paces for pace in row):
        return None
    config = network.config
    layout = read_layout(text_ids, valid, config)
    opens_piece = layout.timed & ~layout.spoken
    usual = config.first_pace_id + (config.n_pace_bins - 1) // 2
    durations = network.predict_durations(text_ids.masked_fill(opens_piece, usual), valid, prompts)
    rows = [torch.tensor(row, dtype=torch.float32, device=text_ids.device) for row in paces]
    table = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1.0)
    piece = (opens_piece.cumsum(dim=1) - 1).clamp(min=0)
    return durations / table.gather(1, piece)


def _generators(
    rng: torch.Generator | Sequence[torch.Generator], n_sequences: int
) -> Sequence[torch.Generator]:
    if not isinstance(rng, torch.Generator):
        assert len(rng) == n_sequences, f"{len(rng)} generators for {n_sequences} sequences"
        return rng
    seed = int(torch.randint(2**62, (1,), generator=rng))
    return [torch.Generator().manual_seed(seed + number) for number in range(n_sequences)]


def _reporter(
    on_progress: ProgressCallback | None, n_before: int, n_total: int
) -> Callable[[int], None]:
    def report(n_finished: int) -> None:
        if on_progress is not None:
            on_progress(STAGE, min(n_before + n_finished, n_total), n_total)

    return report


def _expected_frames(text_ids: Tensor, config: TextToSemanticConfig) -> Tensor:
    layout = read_layout(text_ids[None], torch.ones_like(text_ids, dtype=torch.bool)[None], config)
    return expected_piece_frames(layout, 0, config)


def _check(sequence: TextTokens, prompt: Tensor | None, config: TextToSemanticConfig) -> None:
    """Refuse what the network cannot speak."""
    text_ids = sequence.text_ids
    if text_ids.ndim != 1 or not len(text_ids) or int(text_ids.max()) >= config.n_text_ids:
        raise ShapeError(
            f"text ids of shape {tuple(text_ids.shape)}; expected (L,) below {config.n_text_ids}"
        )
    if prompt is not None and len(prompt) and int(prompt.max()) >= config.n_semantic:
        raise ShapeError(
            f"a voice prompt with semantic id {int(prompt.max())}, but there are only "
            f"{config.n_semantic}; make the voice anew from its recording"
        )
    frames = _expected_frames(text_ids, config)
    if len(frames) != len(sequence.texts) or not bool((frames > 0).all()):
        raise ShapeError(
            f"text ids with {int((frames > 0).sum())} pieces to speak, but {len(sequence.texts)} "
            "texts; each piece needs a pace token and a character"
        )
    if len(text_ids) > config.max_text_ids or float(frames.sum()) > config.max_semantic_ids:
        raise ScriptError(
            f"{sequence.texts[0][:40]!r} goes on for {len(text_ids)} characters, about "
            f"{float(frames.sum()):.0f} semantic ids; at most {config.max_text_ids} and "
            f"{config.max_semantic_ids} fit, so split it"
        )
