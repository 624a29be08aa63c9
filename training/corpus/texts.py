"""What the synthetic speakers say: sentences, dialogue turns and word lists from `data/text`."""

import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.normalisation.normalise import normalise_text

MIN_CHARACTERS = 6
MAX_CHARACTERS = 140
READ_LINES = 60_000

# Letters of sentences.sources.txt.xz and the share each gets. Old fiction is weighted down; H, A
# and L (Harvard sentences, ARCTIC, LJ Speech) are test material elsewhere and stay out.
SENTENCE_WEIGHTS = {"V": 0.20, "G": 0.10, "W": 0.06, "N": 0.12}
WORD_LIST_WEIGHT = 0.12


def draw_texts(
    text_folder: Path, n_texts: int, seed: int, word_list_weight: float = WORD_LIST_WEIGHT
) -> list[str]:
    """Distinct normalised texts, mixed from dialogue turns, sentences and word lists.

    Args:
        text_folder: holds `dialogues*.jsonl.xz`, `sentences.txt.xz`, `words.txt.xz`.
        n_texts: how many are wanted.
        seed: of the mix.
        word_list_weight: share of texts that are a few random words of the dictionary.

    Returns:
        Texts of 6 to 140 characters, each once.

    Raises:
        ConfigError: if the folder lacks a file or holds too little text.
    """
    rng = random.Random(seed)
    pools: dict[str, Iterator[str]] = {
        "dialogue": _shuffled(_dialogue_turns(text_folder), rng),
        "words": _word_lists(text_folder, rng),
    }
    weights = {
        "dialogue": 1.0 - sum(SENTENCE_WEIGHTS.values()) - word_list_weight,
        "words": word_list_weight,
    }
    for letter, weight in SENTENCE_WEIGHTS.items():
        pools[letter] = _shuffled(_sentences(text_folder, letter), rng)
        weights[letter] = weight
    texts: dict[str, None] = {}
    while len(texts) < n_texts:
        name = rng.choices(list(weights), list(weights.values()))[0]
        raw = next(pools[name], None)
        if raw is None:
            del weights[name]
            if set(weights) <= {"words"}:
                raise ConfigError(
                    f"{text_folder} holds only {len(texts)} of the {n_texts} texts wanted"
                )
            continue
        text = normalise_text(raw)
        if MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS:
            texts[text] = None
    return list(texts)


def _lines(path: Path) -> Iterator[str]:
    if not path.is_file():
        raise ConfigError(f"{path} is missing; --data must name a folder with speech/ and text/")
    with lzma.open(path, "rt", encoding="utf-8") as file:
        yield from file


def _dialogue_turns(folder: Path) -> Iterator[str]:
    paths = sorted(folder.glob("dialogues*.jsonl.xz"))
    if not paths:
        raise ConfigError(f"{folder} holds no dialogues*.jsonl.xz")
    for path in paths:
        for number, line in enumerate(_lines(path)):
            if number >= READ_LINES // 20:
                break
            for turn in json.loads(line)["turns"]:
                yield turn["text"]


def _sentences(folder: Path, letter: str) -> Iterator[str]:
    sources = _lines(folder / "sentences.sources.txt.xz")
    for text, source in zip(_lines(folder / "sentences.txt.xz"), sources, strict=True):
        if source.strip() == letter:
            yield text


def _word_lists(folder: Path, rng: random.Random) -> Iterator[str]:
    words = [word.strip() for word in _lines(folder / "words.txt.xz")]
    while True:
        chosen = rng.sample(words, rng.randint(3, 6))
        yield " ".join(chosen) + rng.choice([".", ".", "?"])


def _shuffled(texts: Iterator[str], rng: random.Random) -> Iterator[str]:
    pool = [text for text, _ in zip(texts, range(READ_LINES), strict=False)]
    rng.shuffle(pool)
    return iter(pool)
