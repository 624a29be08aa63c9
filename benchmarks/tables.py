"""Measured rows → a Markdown table between two markers of a document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.files.atomic import write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table.

    Attributes:
        name: what was measured.
        values: figure by name.
    """

    name: str
    values: Mapping[str, float]


def to_markdown(rows: Sequence[Row]) -> str:
    """A table with one column for every figure that any row has; others stay empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row.values))
    lines = ["| | " + " | ".join(name.replace("_", " ") for name in columns) + " |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for row in rows:
        cells = [f"{row.values[name]:.3g}" if name in row.values else "" for name in columns]
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write_table(document: Path, section: str, rows: Sequence[Row]) -> None:
    """Replace a section by a table of rows; see `replace_section`."""
    replace_section(document, section, to_markdown(rows))


def replace_section(document: Path, section: str, content: str) -> None:
    """Replace what stands between `<!-- section -->` and `<!-- /section -->`.

    Args:
        document: a Markdown file.
        section: name in the markers.
        content: ends with a line break.

    Raises:
        ConfigError: if the document lacks the markers.
    """
    text = document.read_text(encoding="utf-8")
    start, end = f"<!-- {section} -->\n", f"<!-- /{section} -->"
    if start not in text or end not in text:
        raise ConfigError(f"{document} lacks the markers {start.strip()} and {end}")
    before, rest = text.split(start, 1)
    after = rest.split(end, 1)[1]
    whole = f"{before}{start}{content}{end}{after}"

    def write(path: Path) -> None:
        path.write_text(whole, encoding="utf-8")

    write_atomically(document, write)
