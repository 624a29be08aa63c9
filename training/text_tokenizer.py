"""Recipe: make the text alphabet from sentences and dialogues of the raw material.

Where that holds recordings only, from their transcripts.
"""

import json
import logging
import lzma
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pipeline.config.networks import TextTokenizerConfig
from pipeline.errors import ConfigError
from pipeline.files.atomic import write_atomically
from pipeline.normalisation.normalise import normalise_text
from pipeline.tokenizers.text import MODEL_NAME, train_text_tokenizer
from training.config import StageOptions
from training.datasets import INDEX_NAME, read_rows
from training.options import parse_stage_options

logger = logging.getLogger(__name__)

N_LINES_PER_FILE = {"tiny": 200}
N_LINES_PER_FILE_OTHERWISE = 3_000


def main(argv: list[str] | None = None) -> None:
    """Run the stage from the command line.

    Args:
        argv: arguments after the program's name; `None` reads the process's own.
    """
    run(parse_stage_options(argv, "Make the text alphabet."))


def run(options: StageOptions) -> None:
    """Write `models/text_tokenizer/tokenizer.model` into the run folder.

    Args:
        options: `data` holds `text/sentences.txt.xz` and `text/dialogues*.jsonl.xz`, or else `out`
            holds a corpus with transcripts.

    Raises:
        ConfigError: if there is no text.
    """
    n_lines = N_LINES_PER_FILE.get(options.size, N_LINES_PER_FILE_OTHERWISE)
    texts = _sample_texts(options.data / "text", options.out / "corpus", n_lines)
    model = train_text_tokenizer(texts, TextTokenizerConfig())
    path = options.out / "models" / "text_tokenizer" / MODEL_NAME
    write_atomically(path, lambda temporary: _write(temporary, model))
    logger.info("text alphabet of %d lines in %s", len(texts), path)


def _sample_texts(folder: Path, corpus: Path, n_lines: int) -> list[str]:
    """Normalised texts from the first lines of each file; the files are shuffled already."""
    lines: list[str] = []
    for path in sorted(folder.glob("sentences.txt.xz")):
        lines += islice(_read_lines(path), n_lines)
    for path in sorted(folder.glob("dialogues*.jsonl.xz")):
        turns = (turn["text"] for line in _read_lines(path) for turn in json.loads(line)["turns"])
        lines += islice(turns, n_lines)
    if not lines and (corpus / INDEX_NAME).is_file():
        lines += islice((row["text"] for row in read_rows(corpus / INDEX_NAME)), n_lines)
    if not any(lines):
        raise ConfigError(
            f"no sentences.txt.xz or dialogues*.jsonl.xz in {folder}, and no transcripts in "
            f"{corpus}; point --data at the raw material"
        )
    return [text for text in map(normalise_text, lines) if text]


def _read_lines(path: Path) -> Iterator[str]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        yield from (line.strip() for line in file)


def _write(path: Path, model: bytes) -> None:
    path.write_bytes(model)


if __name__ == "__main__":
    main()
