from pathlib import Path

import pytest

from app.backend.cost_file import CostFile, cost_key, user_cost_file
from pipeline.synthesis.cost import USUAL_COST

CONDITIONS = {"weights": "0123456789abcdef0123", "engine": "torch", "device": "cpu"}


def test_costs_lie_in_the_cache_folder() -> None:
    assert user_cost_file({"XDG_CACHE_HOME": "/c"}) == Path("/c/colloquy/cost.json")
    for values in ({}, {"XDG_CACHE_HOME": "relative"}):
        assert user_cost_file(values) == Path.home() / ".cache" / "colloquy" / "cost.json"


def test_a_model_is_found_under_its_own_key_only(tmp_path: Path) -> None:
    file, key = CostFile(tmp_path / "a" / "cost.json"), cost_key(CONDITIONS, 2)
    assert file.find(key) is None
    assert file.keep(key, USUAL_COST)
    assert file.find(key) == USUAL_COST
    for name in CONDITIONS:
        assert file.find(cost_key({**CONDITIONS, name: "other"}, 2)) is None
    assert file.find(cost_key(CONDITIONS, 1)) is None


def test_models_of_other_keys_are_kept(tmp_path: Path) -> None:
    file = CostFile(tmp_path / "cost.json")
    file.keep("one", USUAL_COST)
    file.keep("two", USUAL_COST)
    assert file.find("one") == USUAL_COST


@pytest.mark.parametrize("content", ["", "[]", '{"one": 3}', '{"one": {"load_s": 1}}', "\xff"])
def test_a_damaged_file_is_as_good_as_none(content: str, tmp_path: Path) -> None:
    file = CostFile(tmp_path / "cost.json")
    file.path.write_text(content, encoding="latin-1")
    assert file.find("one") is None
    assert file.keep("one", USUAL_COST)
    assert file.find("one") == USUAL_COST


def test_a_folder_that_refuses_the_file_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert not CostFile(tmp_path / "file" / "cost.json").keep("one", USUAL_COST)
