"""The exam: how well it speaks, row by row, beside what bounds it.

Rows are kept in `docs/results.jsonl` with the fingerprint of the weights they were measured with;
the tables in `docs/results.md`, the README and the model card are written from there.
"""

import argparse
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.material import (
    DIALOGUES,
    GROUP_TALKS,
    NUMBERS_AND_NAMES,
    QUESTIONS,
    SENTENCES,
    SHORT_TURNS,
    STATEMENTS,
)
from benchmarks.quality.confidence import Estimate, estimate, mean, pooled
from benchmarks.quality.judges import JudgePool, Scores
from benchmarks.quality.results import Result, read_results, write_documents, write_results
from benchmarks.quality.samples import (
    Recording,
    Take,
    as_recorded,
    cloned,
    dialogues_spoken,
    flite_recordings,
    human_recordings,
    reconstructed,
    resynthesised,
    sentences_spoken,
    unseen_synthetic_recordings,
)
from benchmarks.quality.timing import gap_takes, pace_takes
from pipeline.dialogue import DialoguePipeline

FLITE_VOICES = ("slt", "rms", "awb")
N_UNSEEN_SPEAKERS = 4
N_UNSEEN_SENTENCES = 16
FIVE_MINUTES_S = 300.0
N_PACE_SENTENCES = 6
N_GAP_TURNS = 13
PROCESSES = 2

Figure = Callable[[Sequence[Scores]], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """What rows are made of.

    Attributes:
        pipeline: examined.
        data: folder with `speech/manifest.tsv`; `None` leaves people out.
        seed: of everything generated.
    """

    pipeline: DialoguePipeline
    data: Path | None
    seed: int


def _flite(_: Exam) -> list[Recording]:
    return flite_recordings(SENTENCES, FLITE_VOICES)


def _unseen(_: Exam) -> list[Recording]:
    return unseen_synthetic_recordings(SENTENCES[:N_UNSEEN_SENTENCES], N_UNSEEN_SPEAKERS)


def _people(exam: Exam) -> list[Recording]:
    assert exam.data is not None, "rows of people are asked for only where there is data"
    return human_recordings(exam.data)


def _long_script(exam: Exam) -> list[tuple[str, str]]:
    """Five minutes of four people, from all the material there is."""
    texts = [text for turns in (*DIALOGUES, *GROUP_TALKS) for _, text in turns]
    texts += [*SENTENCES, *QUESTIONS, *STATEMENTS]
    turns: list[tuple[str, str]] = []
    for number, text in enumerate(texts):
        turns.append((f"S{1 + number % 4}", text))
        script = "\n".join(f"[{speaker}] {said}" for speaker, said in turns)
        if exam.pipeline.estimate_seconds(exam.pipeline.parse(script)) >= FIVE_MINUTES_S:
            break
    return turns


def _family(
    recordings: Callable[[Exam], list[Recording]], prefix: str, title: str
) -> dict[str, tuple[str, Callable[[Exam], Iterable[Take]]]]:
    """The four rows that tell where words and voices are lost."""
    return {
        f"{prefix}": (title, lambda exam: as_recorded(recordings(exam))),
        f"{prefix}_codec": (
            f"{title}: codec",
            lambda exam: reconstructed(exam.pipeline.models, recordings(exam)),
        ),
        f"{prefix}_resynthesis": (
            f"{title}: true semantic ids through SoundStorm",
            lambda exam: resynthesised(exam.pipeline.models, recordings(exam), exam.seed),
        ),
        f"{prefix}_cloned": (
            f"{title}: end to end, voice from another recording",
            lambda exam: cloned(exam.pipeline, recordings(exam), exam.seed),
        ),
    }


def _spoken(texts: Sequence[str]) -> Callable[[Exam], Iterable[Take]]:
    return lambda exam: sentences_spoken(exam.pipeline, texts, exam.seed)


ROWS: dict[str, tuple[str, Callable[[Exam], Iterable[Take]]]] = {
    **_family(_flite, "flite", "flite, the voices learned from"),
    **_family(_unseen, "unseen", "made-up speakers never heard in training"),
    **_family(_people, "people", "people never heard in training"),
    "sentences": ("end to end: sentences", _spoken(SENTENCES)),
    "questions": ("end to end: questions", _spoken(QUESTIONS)),
    "statements": ("end to end: statements", _spoken(STATEMENTS)),
    "numbers": ("end to end: numbers and names", _spoken(NUMBERS_AND_NAMES)),
    "short": ("end to end: very short turns", _spoken(SHORT_TURNS)),
    "dialogues": (
        "end to end: dialogues of two",
        lambda exam: dialogues_spoken(exam.pipeline, DIALOGUES, exam.seed),
    ),
    "groups": (
        "end to end: talks of one, three and four",
        lambda exam: dialogues_spoken(exam.pipeline, GROUP_TALKS, exam.seed),
    ),
    "five_minutes": (
        "end to end: five minutes of four",
        lambda exam: dialogues_spoken(exam.pipeline, [_long_script(exam)], exam.seed),
    ),
}
"""Name to title and takes; rows of people need `--data`."""

TIMING = "timing"


def _only(name: str, figure: Figure) -> Callable[[Sequence[Scores]], Estimate | None]:
    """A figure over the takes that it applies to; `None` if there are none."""

    def over(scores: Sequence[Scores]) -> Estimate | None:
        chosen = [v for v in scores if not np.isnan(getattr(v, name))]
        return estimate(chosen, figure) if chosen else None

    return over


def _similarity_lost_per_minute(scores: Sequence[Scores]) -> float:
    minutes = np.array([v.start_s for v in scores]) / 60
    if np.ptp(minutes) == 0:
        return float("nan")
    return float(-np.polyfit(minutes, [v.own for v in scores], 1)[0])


FIGURES: dict[str, Callable[[Sequence[Scores]], Estimate | None]] = {
    "word error": _only("skipped", pooled("word_errors", "n_words")),
    "character error": _only("skipped", pooled("character_errors", "n_characters")),
    "words skipped": _only("skipped", mean("skipped")),
    "words repeated": _only("repeated", mean("repeated")),
    "own voice": _only("own", mean("own")),
    "other voice": _only("other", mean("other")),
    "own above other": _only("own_above_other", mean("own_above_other")),
    "DNSMOS": _only("opinion", mean("opinion")),
    "STOI": _only("stoi", mean("stoi")),
    "PESQ-WB": _only("pesq", mean("pesq")),
    "pitch range (st)": _only("pitch_range", mean("pitch_range")),
    "final rise (st)": _only("final_rise", mean("final_rise")),
    "real-time factor": _only("wall_s", pooled("wall_s", "audio_s")),
}
DRIFT = "own voice lost per minute"


def summarise(name: str, scores: Sequence[Scores]) -> dict[str, Estimate]:
    """Every figure that applies to a row."""
    figures = {title: figure(scores) for title, figure in FIGURES.items()}
    if name == "five_minutes":
        figures[DRIFT] = _only("own", _similarity_lost_per_minute)(scores)
    return {title: value for title, value in figures.items() if value is not None}


def measure(exam: Exam, wanted: Sequence[str], pool: JudgePool) -> Iterator[Result]:
    """The wanted rows, as they are ready."""
    weights = fingerprint(exam.pipeline)
    for name in wanted:
        if name == TIMING:
            yield Result(name=name, title="timing", figures=_timing(exam), weights=weights)
        else:
            title, takes = ROWS[name]
            scores = list(pool.scores(takes(exam)))
            yield Result(name=name, title=title, figures=summarise(name, scores), weights=weights)


def _timing(exam: Exam) -> dict[str, Estimate]:
    paces = list(pace_takes(exam.pipeline, SENTENCES[:N_PACE_SENTENCES], exam.seed))
    gaps = list(gap_takes(exam.pipeline, SENTENCES[:N_GAP_TURNS], exam.seed))
    return {
        "pace error": estimate(paces, mean("error")),
        "gap error (ms)": estimate(gaps, mean("error_ms")),
        "largest gap error (ms)": estimate(gaps, lambda g: max(take.error_ms for take in g)),
    }


def fingerprint(pipeline: DialoguePipeline) -> str:
    """Of weights, settings and voices: figures of other ones do not stand in the same table."""
    digest = hashlib.sha256()
    folder = pipeline.models.folder
    for path in sorted([*folder.rglob("*.safetensors"), *folder.rglob("*.json")]):
        digest.update(path.read_bytes())
    for name, voice in pipeline.voices.items():
        digest.update(name.encode() + voice.codes.numpy().tobytes())
    return digest.hexdigest()[:12]


def main(argv: list[str] | None = None) -> None:
    """`python -m benchmarks.quality [--model small] [--data DIR] [--rows ...] [--write]`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="small")
    parser.add_argument("--data", type=Path, help="folder with speech/: adds the rows of people")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", nargs="+", choices=[*ROWS, TIMING], default=[*ROWS, TIMING])
    parser.add_argument("--processes", type=int, default=PROCESSES, help="that judge")
    parser.add_argument("--write", action="store_true", help="into docs, README and model card")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING)
    exam = Exam(pipeline=DialoguePipeline.load(options.model), data=options.data, seed=options.seed)
    wanted = [name for name in options.rows if exam.data or not name.startswith("people")]
    if len(wanted) < len(options.rows):
        print("without --data there are no rows of people")
    results = []
    with JudgePool(options.processes) as pool:
        for result in measure(exam, wanted, pool):
            print(json.dumps(result.to_json()), flush=True)
            results.append(result)
            if options.write:
                write_results([result])
    if options.write:
        order = [*ROWS, TIMING]
        kept = read_results(fingerprint(exam.pipeline))
        kept.sort(key=lambda result: order.index(result.name))
        write_documents(kept, exam.pipeline.models.folder)
