from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pipeline.config.sizes import tiny
from pipeline.layers.transformer import KeyValueCache
from pipeline.text_to_semantic.decoding import Candidate, SamplingOptions, decode_batch
from pipeline.text_to_semantic.model import EncodedText, TextToSemantic

CONFIG = tiny().text_to_semantic
N_CHARACTERS = 20
OPENING = [CONFIG.first_speaker_id, CONFIG.first_pace_id + 4]
OPTIONS = SamplingOptions(n_candidates=2)


class _Reader(TextToSemantic):
    """Wants to stop at once; its attention stands where `place_of_step` says."""

    def __init__(self, place_of_step: Callable[[int], int]) -> None:
        super().__init__(CONFIG)
        self.place_of_step = place_of_step

    def decode_step(
        self,
        semantic_ids: Tensor,
        text: EncodedText,
        caches: Sequence[KeyValueCache],
        position: int,
    ) -> tuple[Tensor, Tensor]:
        logits = torch.zeros(len(semantic_ids), self.alphabet.n_said)
        logits[:, self.alphabet.turn_change_id :] = 20.0
        B, L = text.layout.spoken.shape
        attention = torch.zeros(B, len(semantic_ids) // B, L)
        attention[..., self.place_of_step(position)] = 1.0
        return logits, attention


def _speak(network: TextToSemantic, text_ids: list[int]) -> list[Candidate]:
    batch = torch.tensor([text_ids])
    with torch.no_grad():
        text = network.encode(batch, torch.ones_like(batch, dtype=torch.bool), [None])
        generators = [torch.Generator().manual_seed(1)]
        (candidates,) = decode_batch(network.eval(), text, OPTIONS, generators, lambda _: None)
    return candidates


def test_nothing_stops_before_the_text_is_read() -> None:
    network = _Reader(lambda step: min(len(OPENING) + step // 2, len(OPENING) + N_CHARACTERS - 1))
    for candidate in _speak(network, OPENING + [60] * N_CHARACTERS):
        assert 2 * (N_CHARACTERS - 4) < len(candidate.pieces[0]) <= 2 * N_CHARACTERS
        assert candidate.ended
        assert candidate.coverage > 0.9


def test_who_never_reads_runs_into_the_bound_and_did_not_end() -> None:
    network = _Reader(lambda _: len(OPENING))
    expected = CONFIG.edge_frames + N_CHARACTERS * CONFIG.frames_per_character
    for candidate in _speak(network, OPENING + [60] * N_CHARACTERS):
        bound = OPTIONS.max_length * expected + OPTIONS.slack_ids
        assert abs(len(candidate.pieces[0]) - bound) <= 1
        assert not candidate.ended
        assert candidate.coverage < 0.3


def test_every_piece_gets_its_turn() -> None:
    text_ids = OPENING + [60] * 9 + OPENING + [61] * 8
    network = _Reader(lambda step: min(2 + step // 2, len(text_ids) - 1))
    for candidate in _speak(network, text_ids):
        assert len(candidate.pieces) == 2
        assert all(len(piece) for piece in candidate.pieces)
        assert max(int(piece.max()) for piece in candidate.pieces) < CONFIG.n_semantic


def test_candidates_differ() -> None:
    network = _Reader(lambda step: min(len(OPENING) + step // 2, len(OPENING) + N_CHARACTERS - 1))
    first, second = _speak(network, OPENING + [60] * N_CHARACTERS)
    assert not torch.equal(first.pieces[0], second.pieces[0])
