import torch
from torch import Tensor

from pipeline.text_to_semantic.coverage import TextCoverage
from pipeline.text_to_semantic.layout import NO_PIECE, TextLayout

N_CHARACTERS = 30


def _coverage(piece_lengths: tuple[int, ...] = (N_CHARACTERS,)) -> TextCoverage:
    pieces = torch.tensor([[NO_PIECE] + [k for k, n in enumerate(piece_lengths) for _ in range(n)]])
    spoken = pieces != NO_PIECE
    layout = TextLayout(
        spoken=spoken, pieces=pieces, pace_bins=pieces, timed=spoken, starts=pieces.float()
    )
    return TextCoverage(layout, 1, torch.tensor([len(piece_lengths)]))


def _walk(coverage: TextCoverage, places: list[int], piece: int = 0) -> None:
    for place in places:
        attention = torch.zeros(1, 1, N_CHARACTERS + 1)
        attention[..., place + 1] = 1.0
        coverage.advance(attention, torch.tensor([[piece]]), torch.tensor([[True]]))


def _end(coverage: TextCoverage, piece: int = 0) -> bool:
    return bool(coverage.has_reached_end(torch.tensor([[piece]])))


def test_reading_everything_covers_everything() -> None:
    coverage = _coverage()
    _walk(coverage, list(range(N_CHARACTERS)))
    assert float(coverage.covered_share()) == 1.0
    assert float(coverage.backward_share()) == 0.0
    assert _end(coverage)


def test_skipped_words_are_uncovered() -> None:
    coverage = _coverage()
    _walk(coverage, [*range(10), *range(20, N_CHARACTERS)])
    assert 0.7 < float(coverage.covered_share()) < 0.85


def test_a_loop_is_a_step_back() -> None:
    coverage = _coverage()
    _walk(coverage, [*range(20), *range(10, N_CHARACTERS)])
    assert float(coverage.backward_share()) > 0.1


def test_the_end_is_reached_only_at_the_last_characters() -> None:
    coverage = _coverage()
    _walk(coverage, list(range(N_CHARACTERS - 4)))
    assert not _end(coverage)
    _walk(coverage, [N_CHARACTERS - 1, N_CHARACTERS - 1])
    assert _end(coverage)
    assert coverage.n_at_end.tolist() == [[2]]


def test_each_piece_has_an_end_of_its_own() -> None:
    coverage = _coverage((10, 20))
    _walk(coverage, list(range(10)))
    assert _end(coverage, 0)
    assert not _end(coverage, 1)
    _walk(coverage, list(range(10, 30)), piece=1)
    assert _end(coverage, 1)


def test_a_finished_candidate_stays_as_it_is() -> None:
    coverage = _coverage()
    _walk(coverage, [0, 1, 2])
    before: Tensor = coverage.covered_share()
    attention = torch.zeros(1, 1, N_CHARACTERS + 1)
    attention[..., -1] = 1.0
    coverage.advance(attention, torch.tensor([[0]]), torch.tensor([[False]]))
    assert torch.equal(coverage.covered_share(), before)
    assert not _end(coverage)
