"""Measured rows on disk, and the tables of README, docs and model card that are made of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.quality.confidence import Estimate
from benchmarks.tables import replace_section
from pipeline.files.atomic import write_atomically

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "results.jsonl"
REPORT = ROOT / "docs" / "results.md"
README = ROOT / "README.md"
CARD_NAME = "README.md"

BRIEF = ("word error", "own voice", "own above other", "DNSMOS", "real-time factor")
"""Columns of the README and the card."""

NOT_IN_README = {
    *("unseen", "unseen_codec", "unseen_resynthesis", "unseen_cloned"),
    *("people", "people_codec", "people_resynthesis"),
    *("questions", "statements", "numbers", "groups"),
}
"""Rows that only the report and the card have."""

TABLES = (
    ("Words", ("word error", "character error", "words skipped", "words repeated")),
    ("Voices", ("own voice", "other voice", "own above other", "own voice lost per minute")),
    ("Sound", ("DNSMOS", "STOI", "PESQ-WB", "pitch range (st)", "final rise (st)")),
    ("Timing", ("real-time factor", "pace error", "gap error (ms)", "largest gap error (ms)")),
)
"""Tables of the report and their columns."""

LEGEND = """\
Every figure stands with the interval that holds 95 % of its bootstrap samples (takes drawn again
with replacement). *Word error* and *character error* are PocketSphinx's, which itself mishears
clear speech: compare rows, and compare with the first. *Words skipped* is the share of takes in
which three or more words in a row were not heard, *words repeated* of those in which a pair of
words was heard twice. *Own voice* is Resemblyzer's similarity to the voice prompt, *other voice*
to the most similar other voice of the row. *DNSMOS* is a network's guess of listeners' opinion (1
to 5). *Pitch range* is the standard deviation of the pitch, *final rise* how far it rises over
the last 0.4 voiced seconds, both in semitones. *Pace error* is how far durations are from what a
pace of 0.8 or 1.25 asks; *gap error*, how far gaps, measured in the sound from speech to speech,
are from those asked for. *Real-time factor* is of one utterance at a time, with the judges at work
beside it: `python -m benchmarks.speed` has the speed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row of the exam.

    Attributes:
        name, title: of the row.
        figures: by name.
        weights: fingerprint of the weights examined.
    """

    name: str
    title: str
    figures: Mapping[str, Estimate]
    weights: str

    def to_json(self) -> dict[str, Any]:
        """As one JSON object."""
        figures = {name: asdict(figure) for name, figure in self.figures.items()}
        return {"name": self.name, "title": self.title, "weights": self.weights, "figures": figures}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Result":
        """The inverse of `to_json`."""
        figures = {name: Estimate(**figure) for name, figure in row["figures"].items()}
        return cls(name=row["name"], title=row["title"], weights=row["weights"], figures=figures)


def read_results(weights: str, path: Path = RESULTS) -> list[Result]:
    """The rows measured with these weights, in the order they were first measured in."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    results = [Result.from_json(json.loads(line)) for line in lines]
    return [result for result in results if result.weights == weights]


def write_results(new: Sequence[Result], path: Path = RESULTS) -> None:
    """Add rows; those of the same name are replaced, those of other weights dropped."""
    kept = {result.name: result for result in read_results(new[0].weights, path)}
    kept |= {result.name: result for result in new}
    _write(path, "".join(f"{json.dumps(result.to_json())}\n" for result in kept.values()))


def write_documents(results: Sequence[Result], model_folder: Path) -> None:
    """The report, and the brief table in README (main rows) and model card, where it has markers.

    Raises:
        ConfigError: if README lacks the markers.
    """
    _write(REPORT, to_report(results))
    main_rows = [result for result in results if result.name not in NOT_IN_README]
    replace_section(README, "quality", to_table(main_rows, BRIEF))
    card = model_folder / CARD_NAME
    if card.is_file() and "<!-- quality -->" in card.read_text(encoding="utf-8"):
        replace_section(card, "quality", to_table(results, BRIEF))


def to_report(results: Sequence[Result]) -> str:
    """All tables as one Markdown document."""
    parts = [
        "# Results",
        "",
        "Written by `python -m benchmarks.quality --write`; not by hand. Weights "
        f"`{results[0].weights if results else 'none'}`.",
        "",
        LEGEND,
    ]
    for title, columns in TABLES:
        parts += [f"## {title}", "", to_table(results, columns)]
    return "\n".join(parts)


def to_table(results: Sequence[Result], columns: Sequence[str]) -> str:
    """Rows that have any of the columns, each figure with its interval."""
    lines = ["| | takes | " + " | ".join(columns) + " |", "|---" * (len(columns) + 2) + "|"]
    for result in results:
        found = [result.figures.get(column) for column in columns]
        sizes = [figure.n for figure in found if figure is not None]
        if sizes:
            cells = " | ".join(_cell(figure) for figure in found)
            lines.append(f"| {result.title} | {max(sizes)} | {cells} |")
    return "\n".join(lines) + "\n"


def _cell(figure: Estimate | None) -> str:
    if figure is None:
        return ""
    return f"{figure.value:.3g} ({figure.low:.3g} to {figure.high:.3g})"


def _write(path: Path, text: str) -> None:
    def write(target: Path) -> None:
        target.write_text(text, encoding="utf-8")

    write_atomically(path, write)
