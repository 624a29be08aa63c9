from pathlib import Path

import pytest

from benchmarks.tables import Row, to_markdown, write_table
from pipeline.errors import ConfigError

ROWS = [
    Row(name="first", values={"word_error": 0.25, "n_turns": 3}),
    Row(name="second", values={"word_error": 0.5, "wall_s": 1.23456}),
]


def test_every_figure_has_a_column_and_missing_ones_stay_empty() -> None:
    lines = to_markdown(ROWS).splitlines()
    assert lines[0] == "| | word error | n turns | wall s |"
    assert lines[2:] == ["| first | 0.25 | 3 |  |", "| second | 0.5 |  | 1.23 |"]


def test_only_the_section_is_replaced(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("before\n<!-- speed -->\nold\n<!-- /speed -->\nafter\n")
    for _ in range(2):
        write_table(document, "speed", ROWS)
    text = document.read_text()
    assert text.startswith("before\n<!-- speed -->\n| |")
    assert text.endswith("<!-- /speed -->\nafter\n")
    assert "old" not in text
    assert text.count("first") == 1


def test_a_document_without_markers_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("nothing here\n")
    with pytest.raises(ConfigError, match="lacks the markers"):
        write_table(document, "speed", ROWS)
