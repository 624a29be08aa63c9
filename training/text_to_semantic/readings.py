"""Recipe: texts with what flite would make of each letter, but without their sound.

The encoder of text-to-semantic learns to read from them: what letters sound like takes far more
words than the corpus speaks.
"""

import logging
import multiprocessing
from dataclasses import dataclass
from pathlib import Path

from training.config import StageOptions
from training.corpus.synthetic_speakers import pronounce
from training.corpus.texts import draw_texts
from training.datasets import read_rows, write_rows
from training.options import parse_stage_options
from training.text_to_semantic.alignment import PAUSE, character_sounds

logger = logging.getLogger(__name__)

READINGS_NAME = "readings.jsonl"
N_TEXTS = {"tiny": 40, "small": 40_000, "base": 0}
WORD_LIST_WEIGHT = 0.35
SEED = 7
REPORT_EVERY = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A text and how it sounds.

    Attributes:
        text: normalised.
        sounds: for each of its characters, the phones it stands for joined by spaces, or "".
    """

    text: str
    sounds: tuple[str, ...]


def read_aloud(text: str) -> Reading | None:
    """Find out how a normalised text sounds; `None` if it makes no sound.

    Raises:
        ConfigError: if flite is not installed or refuses the text.
    """
    phones = pronounce(text)
    if set(phones) <= {PAUSE}:
        return None
    return Reading(text=text, sounds=tuple(character_sounds(text, phones)))


def run(options: StageOptions) -> None:
    """Write `out/readings.jsonl`, unless it is there. Paper scale has none: it hears enough words.

    Raises:
        ConfigError: if the texts or flite are missing.
    """
    path = options.out / READINGS_NAME
    if path.is_file():
        logger.info("readings: already made")
        return
    n_texts = N_TEXTS[options.size]
    texts = draw_texts(options.data / "text", n_texts, SEED, WORD_LIST_WEIGHT) if n_texts else []
    rows: list[dict[str, object]] = []
    with multiprocessing.get_context("spawn").Pool() as pool:
        for done, reading in enumerate(pool.imap(read_aloud, texts, chunksize=16), start=1):
            if reading is not None:
                rows.append({"text": reading.text, "sounds": reading.sounds})
            if done % REPORT_EVERY == 0:
                logger.info("readings: %d of %d", done, n_texts)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(path, rows)


def load_readings(folder: Path) -> list[Reading]:
    """The readings of a run; none if the stage was left out."""
    path = folder / READINGS_NAME
    if not path.is_file():
        return []
    return [Reading(text=row["text"], sounds=tuple(row["sounds"])) for row in read_rows(path)]


def main(argv: list[str] | None = None) -> None:
    """Command line of this stage."""
    run(parse_stage_options(argv, "Write down how texts sound, without their sound."))


if __name__ == "__main__":
    main()
