"""Stage 1 of the recipe: human recordings and freshly made synthetic speech → one corpus folder.

Work is cut into parts that are written one by one, so that a stopped run goes on where it was.
"""

import csv
import dataclasses
import logging
import multiprocessing
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.read import read_audio, resample
from pipeline.config.sizes import base
from pipeline.errors import ConfigError
from pipeline.files.atomic import write_atomically
from training.config import StageOptions
from training.corpus.libritts import libritts_rows
from training.corpus.synthetic_speakers import (
    BUILT_IN,
    SAMPLE_RATE_HZ,
    SyntheticSpeaker,
    draw_speaker,
    speak,
)
from training.corpus.texts import draw_texts
from training.datasets import (
    AUDIO_NAME,
    INDEX_NAME,
    Utterance,
    read_rows,
    save_sample_rate,
    write_rows,
)
from training.options import parse_stage_options

logger = logging.getLogger(__name__)

Sound = tuple[Utterance, NDArray[np.int16]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusConfig:
    """How much of what.

    Attributes:
        flite: utterances of each of flite's voices.
        n_world_speakers, n_per_world_speaker: made-up speakers and utterances of each.
        n_world_dev: of these speakers, how many are held out.
        n_per_built_in: utterances of each built-in voice that is made up.
        dev_share: of flite's utterances, the share held out.
        human_share: share of the human clips taken, from the start of each speaker's.
        stretch: utterances are slower or faster by up to this factor, so that pace can be learned.
        n_per_part: utterances per part.
        sample_rate_hz: of the corpus: the codec's, which must hear all of its band.
    """

    flite: dict[str, int]
    n_world_speakers: int
    n_per_world_speaker: int
    n_world_dev: int
    n_per_built_in: int = 0
    dev_share: float = 0.02
    human_share: float = 1.0
    stretch: float = 1.25
    n_per_part: int = 250
    sample_rate_hz: int = SAMPLE_RATE_HZ
    seed: int = 1


SIZES = {
    "tiny": CorpusConfig(
        flite={"slt": 6, "kal16": 12}, n_world_speakers=3, n_per_world_speaker=4, n_world_dev=1,
        n_per_built_in=1,
        dev_share=0.2, human_share=0.01, n_per_part=8,
    ),
    "small": CorpusConfig(
        flite={"slt": 1300, "rms": 1300, "awb": 1300, "kal16": 6000},
        n_world_speakers=72, n_per_world_speaker=43, n_world_dev=4, n_per_built_in=620,
    ),
    "base": CorpusConfig(
        flite={}, n_world_speakers=0, n_per_world_speaker=0, n_world_dev=0,
        sample_rate_hz=base().codec.sample_rate_hz,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """One utterance to be made."""

    speaker: SyntheticSpeaker
    text: str
    stretch: float
    split: str


@dataclass(frozen=True, slots=True)
class _Clip:
    """One recording to be read."""

    path: Path
    row: dict[str, str]


def run(options: StageOptions) -> None:
    """Make the corpus folder of a run; parts that exist are kept.

    Raises:
        ConfigError: if the raw material or flite is missing.
    """
    config, folder = SIZES[options.size], options.out / "corpus"
    if (folder / INDEX_NAME).is_file():
        logger.info("corpus: already made")
        return
    items: list[_Line | _Clip] = [*human_clips(options.data / "speech", config)]
    items += _synthetic_lines(options.data / "text", config)
    random.Random(config.seed).shuffle(items)
    parts = [items[i : i + config.n_per_part] for i in range(0, len(items), config.n_per_part)]
    jobs = [
        (folder / "parts" / f"{number:04d}", part, config.sample_rate_hz)
        for number, part in enumerate(parts)
        if not (folder / "parts" / f"{number:04d}.jsonl").is_file()
    ]
    with multiprocessing.get_context("spawn").Pool() as pool:
        for done, _ in enumerate(pool.imap_unordered(_make_part, jobs), start=1):
            logger.info("corpus: part %d of %d", done + len(parts) - len(jobs), len(parts))
    assemble(folder, config.sample_rate_hz)


def assemble(folder: Path, sample_rate_hz: int) -> None:
    """Join the finished parts into `audio.i16` and its index, and remove them."""
    rows: list[dict[str, object]] = []
    offset = 0
    indices = sorted((folder / "parts").glob("*.jsonl"))

    def join(path: Path) -> None:
        nonlocal offset
        with path.open("wb") as joined:
            for index in indices:
                audio = np.fromfile(index.with_suffix(".i16"), dtype=np.int16)
                for row in read_rows(index):
                    rows.append({**row, "start": int(row["start"]) + offset})
                audio.tofile(joined)
                offset += len(audio)

    write_atomically(folder / AUDIO_NAME, join)
    save_sample_rate(folder, sample_rate_hz)
    write_rows(folder / INDEX_NAME, rows)
    for index in indices:
        index.with_suffix(".i16").unlink()
        index.unlink()
    logger.info("corpus: %d utterances, %.2f h", len(rows), offset / sample_rate_hz / 3600)


def human_clips(speech_folder: Path, config: CorpusConfig) -> list[_Clip]:
    """The recordings of a manifest, or without one those of a folder in LibriTTS layout.

    Raises:
        ConfigError: if there is neither.
    """
    manifest = speech_folder / "manifest.tsv"
    if manifest.is_file():
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    else:
        rows = libritts_rows(speech_folder)
        if not rows:
            raise ConfigError(
                f"{manifest} is missing, and so is <speaker>/<chapter>/<utterance>.wav beside it; "
                "--data must name a folder with speech/ and text/"
            )
    step = max(1, round(1 / config.human_share))
    return [_Clip(speech_folder / row["path"], row) for row in rows[::step]]


def _synthetic_lines(text_folder: Path, config: CorpusConfig) -> list[_Line]:
    n_flite = sum(config.flite.values())
    n_world = config.n_world_speakers * config.n_per_world_speaker
    made_up = [speaker for speaker in BUILT_IN if speaker.pitch_hz > 0]
    n_texts = n_flite + n_world + len(made_up) * config.n_per_built_in
    if n_texts == 0:
        return []
    texts = iter(draw_texts(text_folder, n_texts, config.seed))
    rng = random.Random(config.seed + 1)
    lines = []
    own_voices = [
        (SyntheticSpeaker(name=voice, base=voice), count) for voice, count in config.flite.items()
    ]
    for speaker, count in [*own_voices, *((s, config.n_per_built_in) for s in made_up)]:
        n_dev = round(config.dev_share * count)
        for number in range(count):
            split = "dev" if number < n_dev else "train"
            lines.append(_Line(speaker, next(texts), _stretch(rng, config), split))
    for index in range(config.n_world_speakers):
        speaker = draw_speaker(index, config.seed)
        split = "dev" if index >= config.n_world_speakers - config.n_world_dev else "train"
        for _ in range(config.n_per_world_speaker):
            lines.append(_Line(speaker, next(texts), _stretch(rng, config), split))
    return lines


def _stretch(rng: random.Random, config: CorpusConfig) -> float:
    return float(config.stretch ** rng.triangular(-1, 1, 0))


def _make_part(job: tuple[Path, Sequence[_Line | _Clip], int]) -> None:
    """Write one part: samples first, index last, so that an index means a whole part."""
    stem, items, sample_rate_hz = job
    sounds = [_make(item, sample_rate_hz) for item in items]
    rows, offset = [], 0
    for utterance, samples in sounds:
        rows.append(
            dataclasses.asdict(dataclasses.replace(utterance, start=offset, n_samples=len(samples)))
        )
        offset += len(samples)
    write_atomically(
        stem.with_suffix(".i16"), np.concatenate([samples for _, samples in sounds]).tofile
    )
    write_rows(stem.with_suffix(".jsonl"), rows)


def _make(item: _Line | _Clip, sample_rate_hz: int) -> Sound:
    if isinstance(item, _Clip):
        samples = read_audio(item.path, sample_rate_hz).samples
        row = item.row
        utterance = Utterance(
            start=0,
            n_samples=0,
            speaker=row["speaker"],
            source="human",
            split=row["split"],
            text=row["text"],
        )
        return utterance, _to_int16(samples)
    samples_i16, phones = speak(item.speaker, item.text, item.stretch)
    source = "world" if item.speaker.pitch_hz > 0 else "flite"
    utterance = Utterance(
        start=0,
        n_samples=0,
        speaker=item.speaker.name,
        source=source,
        split=item.split,
        text=item.text,
        phones=phones,
    )
    if sample_rate_hz != SAMPLE_RATE_HZ:
        at_16_khz = (samples_i16 / 32767).astype(np.float32)
        samples_i16 = _to_int16(resample(at_16_khz, SAMPLE_RATE_HZ, sample_rate_hz))
    return utterance, samples_i16


def _to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.asarray(np.round(np.clip(samples, -1, 1) * 32767), dtype=np.int16)


def main(argv: list[str] | None = None) -> None:
    """Run the stage as a command."""
    run(
        parse_stage_options(
            argv, "Make the corpus: human recordings, flite's voices, WORLD speakers."
        )
    )
