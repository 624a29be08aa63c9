import torch
from torch import Tensor

from pipeline.text_to_semantic.coverage import TextProgress
from pipeline.text_to_semantic.layout import NO_PIECE, TextLayout

N_CHARACTERS = 30


def _progress(piece_lengths: tuple[int, ...] = (N_CHARACTERS,)) -> TextProgress:
    pieces = torch.tensor([[NO_PIECE] + [k for k, n in enumerate(piece_lengths) for _ in range(n)]])
    spoken = pieces != NO_PIECE
    layout = TextLayout(
        spoken=spoken, pieces=pieces, pace_bins=pieces, timed=spoken, starts=pieces.float()
    )
    return TextProgress(layout, 1, torch.tensor([len(piece_lengths)]))


def _walk(progress: TextProgress, places: list[int], piece: int = 0) -> None:
    for place in places:
        attention = torch.zeros(1, 1, N_CHARACTERS + 1)
        attention[..., place + 1] = 1.0
        progress.advance(attention, torch.tensor([[piece]]), torch.tensor([[True]]))


def _end(progress: TextProgress, piece: int = 0) -> bool:
    return bool(progress.has_reached_end(torch.tensor([[piece]])))


def test_reading_everything_covers_everything() -> None:
    progress = _progress()
    _walk(progress, list(range(N_CHARACTERS)))
    assert float(progress.coverage()) == 1.0
    assert float(progress.backward_share()) == 0.0
    assert _end(progress)


def test_skipped_words_are_uncovered() -> None:
    progress = _progress()
    _walk(progress, [*range(10), *range(20, N_CHARACTERS)])
    assert 0.7 < float(progress.coverage()) < 0.85


def test_a_loop_is_a_step_back() -> None:
    progress = _progress()
    _walk(progress, [*range(20), *range(10, N_CHARACTERS)])
    assert float(progress.backward_share()) > 0.1


def test_the_end_is_reached_only_at_the_last_characters() -> None:
    progress = _progress()
    _walk(progress, list(range(N_CHARACTERS - 4)))
    assert not _end(progress)
    _walk(progress, [N_CHARACTERS - 1, N_CHARACTERS - 1])
    assert _end(progress)
    assert progress.n_at_end.tolist() == [[2]]


def test_each_piece_has_an_end_of_its_own() -> None:
    progress = _progress((10, 20))
    _walk(progress, list(range(10)))
    assert _end(progress, 0)
    assert not _end(progress, 1)
    _walk(progress, list(range(10, 30)), piece=1)
    assert _end(progress, 1)


def test_a_finished_candidate_stays_as_it_is() -> None:
    progress = _progress()
    _walk(progress, [0, 1, 2])
    before: Tensor = progress.coverage()
    attention = torch.zeros(1, 1, N_CHARACTERS + 1)
    attention[..., -1] = 1.0
    progress.advance(attention, torch.tensor([[0]]), torch.tensor([[False]]))
    assert torch.equal(progress.coverage(), before)
    assert not _end(progress)
