from pathlib import Path

import pytest

from benchmarks.quality import results
from benchmarks.quality.confidence import Estimate
from benchmarks.quality.results import (
    Result,
    read_results,
    to_report,
    to_table,
    write_documents,
    write_results,
)


def row(name: str, value: float, weights: str = "w1") -> Result:
    figure = Estimate(value=value, low=value / 2, high=2 * value, n=7)
    return Result(name=name, title=f"row {name}", figures={"word error": figure}, weights=weights)


def test_rows_survive_the_disk_and_a_later_measurement_replaces_its_own(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    write_results([row("a", 0.1), row("b", 0.2)], path)
    write_results([row("a", 0.3)], path)
    assert read_results("w1", path) == [row("a", 0.3), row("b", 0.2)]


def test_rows_of_other_weights_never_stand_beside(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    write_results([row("a", 0.1), row("b", 0.2)], path)
    write_results([row("a", 0.3, weights="w2")], path)
    assert read_results("w2", path) == [row("a", 0.3, weights="w2")]
    assert read_results("w1", path) == []


def test_nothing_measured_yet_is_no_rows(tmp_path: Path) -> None:
    assert read_results("w1", tmp_path / "results.jsonl") == []


def test_figures_stand_with_their_intervals_and_rows_without_any_are_left_out() -> None:
    table = to_table([row("a", 0.25)], ("word error", "DNSMOS"))
    assert table.splitlines()[2] == "| row a | 7 | 0.25 (0.125 to 0.5) |  |"
    assert "row a" not in to_table([row("a", 0.25)], ("DNSMOS",))


def test_every_figure_of_the_exam_has_a_place_in_the_report() -> None:
    from benchmarks.quality.exam import DRIFT, FIGURES

    places = {column for _, columns in results.TABLES for column in columns}
    assert {*FIGURES, DRIFT} <= places
    assert set(results.BRIEF) <= places
    assert "row a" in to_report([row("a", 0.25)])


def test_readme_report_and_card_get_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme, card = tmp_path / "README.md", tmp_path / "models" / "README.md"
    card.parent.mkdir()
    for document in (readme, card):
        document.write_text("before\n<!-- quality -->\nstale\n<!-- /quality -->\nafter\n")
    monkeypatch.setattr(results, "README", readme)
    monkeypatch.setattr(results, "REPORT", tmp_path / "results.md")
    write_documents([row("a", 0.25)], card.parent)
    for document in (readme, card, tmp_path / "results.md"):
        assert "| row a | 7 | 0.25" in document.read_text()
        assert "stale" not in document.read_text()


def test_readme_has_the_main_rows_alone_and_the_card_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.quality.exam import ROWS

    assert set(ROWS) > results.NOT_IN_README
    documents = tmp_path / "README.md", tmp_path / "models" / "README.md"
    documents[1].parent.mkdir()
    for document in documents:
        document.write_text("<!-- quality -->\n<!-- /quality -->\n")
    monkeypatch.setattr(results, "README", documents[0])
    monkeypatch.setattr(results, "REPORT", tmp_path / "results.md")
    write_documents([row("questions", 0.5), row("sentences", 0.25)], documents[1].parent)
    assert ["row questions" in document.read_text() for document in documents] == [False, True]
    assert all("row sentences" in document.read_text() for document in documents)
