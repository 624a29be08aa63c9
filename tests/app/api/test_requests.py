import random

import pytest

from app.api.requests import expected_seconds, model_ids, split_into_turns
from app.backend.pipeline_pool import PipelinePool
from app.settings import ServiceConfig


@pytest.mark.parametrize("seed", range(20))
def test_splitting_loses_no_word_and_makes_no_piece_too_long(seed: int) -> None:
    rng = random.Random(seed)
    ends = [" ", " ", " ", ". ", "! ", "… ", "\n\n", "; ", " — ", "\t", ".\r\n"]
    words = "".join("a" * rng.randint(1, 40) + rng.choice(ends) for _ in range(300))
    pieces = split_into_turns(words, 60)
    assert " ".join(pieces) == " ".join(words.split())
    assert all(0 < len(piece) <= 60 for piece in pieces)


def test_sentences_stay_whole_where_they_fit() -> None:
    words = "One is short. Two is short. Three is a little longer than both."
    assert split_into_turns(words, 40) == [
        "One is short. Two is short.",
        "Three is a little longer than both.",
    ]
    assert split_into_turns(words, 1000) == [words]


def test_a_word_longer_than_a_turn_is_cut() -> None:
    assert split_into_turns("a" * 25 + " b", 10) == ["a" * 10, "a" * 10, "aaaaa b"]


def test_the_model_has_a_name_for_each_size() -> None:
    assert model_ids(ServiceConfig(model="base")) == ("colloquy", "colloquy-base")


def test_a_longer_script_is_expected_to_take_longer(pool: PipelinePool) -> None:
    short, long = (pool.shared.parse("[S1] Hello.\n" * n) for n in (1, 50))
    assert 0.0 < expected_seconds(pool, short) < expected_seconds(pool, long)
