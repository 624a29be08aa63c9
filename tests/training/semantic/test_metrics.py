import pytest
import torch

from training.corpus.phones import UNKNOWN
from training.semantic.metrics import phone_figures, speaker_figures


def test_ids_that_are_phones_are_pure_and_tell_all() -> None:
    phones = torch.arange(20) % 5
    figures = phone_figures(phones, phones, 5)
    assert figures == {"phone_purity": pytest.approx(1.0), "pnmi": pytest.approx(1.0)}


def test_one_id_for_all_tells_nothing() -> None:
    figures = phone_figures(torch.zeros(20, dtype=torch.int64), torch.arange(20) % 5, 4)
    assert figures == {"phone_purity": pytest.approx(0.2), "pnmi": pytest.approx(0.0)}


def test_frames_of_unknown_phone_do_not_count() -> None:
    ids, phones = torch.tensor([0, 1, 1]), torch.tensor([3, 4, UNKNOWN])
    assert phone_figures(ids, phones, 2)["phone_purity"] == pytest.approx(1.0)
    unknown = torch.full((3,), UNKNOWN)
    assert phone_figures(ids, unknown, 2) == {"phone_purity": 0.0, "pnmi": 0.0}


def test_speakers_with_their_own_ids_are_told_apart_and_others_are_not(
    rng: torch.Generator,
) -> None:
    speakers = ["a", "b"] * 20
    own = [torch.randint(0, 4, (50,), generator=rng) + 4 * (s == "b") for s in speakers]
    same = [torch.randint(0, 8, (50,), generator=rng) for _ in speakers]
    told = speaker_figures(own, speakers, 8, rng)
    assert told["speaker_accuracy"] == 1.0
    assert told["speaker_chance"] == pytest.approx(0.5)
    assert speaker_figures(same, speakers, 8, rng)["speaker_accuracy"] < 0.85


def test_a_single_speaker_gives_no_figure(rng: torch.Generator) -> None:
    ids = [torch.zeros(3, dtype=torch.int64)] * 5
    assert speaker_figures(ids, ["a"] * 5, 4, rng)["n_speakers"] == 0
