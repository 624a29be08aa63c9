"""How fast it speaks: whole scripts, the first sound, a cold start, and the generators compared.

Every line is one measurement, the fastest of some runs after one that does not count; loading the
weights is not part of it, except in the cold start. `python -m benchmarks.speed --json` prints one
JSON object a line.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.material import DIALOGUES, SENTENCES
from benchmarks.memory import peak_mb, reset_peak
from benchmarks.passages import read_passages
from benchmarks.systems import BASELINE, BASELINE_FOLDER, SHIPPED, System, load_system
from benchmarks.tables import Row, to_markdown, write_table
from pipeline.audio.read import read_audio
from pipeline.dialogue import DialoguePipeline

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "speed.md"
DIALOGUE_LENGTHS_S = (10, 30, 300, 1800)
PASSAGE_LENGTHS_S = (10, 20, 30)
LONGEST_REPEATED_S = 60
"""Longer scripts are spoken once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is measured, and how often.

    Attributes:
        pipeline: with its weights loaded.
        model: their name, for the process of the cold start.
        baseline: folder of the baseline's weights.
        seed: of everything spoken.
        repeats: runs that count.
    """

    pipeline: DialoguePipeline
    model: str
    baseline: Path
    seed: int
    repeats: int


def script_of(pipeline: DialoguePipeline, seconds: float) -> str:
    """Two-speaker turns that last about so long, from the first one again when all are said."""
    turns = [turn for dialogue in DIALOGUES for turn in dialogue]
    each_s = [
        pipeline.estimate_seconds(pipeline.parse(f"[{speaker}] {text}")) for speaker, text in turns
    ]
    lines: list[str] = []
    total_s = 0.0
    while total_s < seconds:
        number = len(lines) % len(turns)
        lines.append("[{}] {}".format(*turns[number]))
        total_s += each_s[number]
    return "\n".join(lines)


def dialogue(bench: Bench, length_s: int) -> Row:
    """A whole script, from text to mix."""
    script = script_of(bench.pipeline, length_s)
    short = length_s <= LONGEST_REPEATED_S

    def speak() -> dict[str, float]:
        spoken = bench.pipeline.synthesize(script, seed=bench.seed)
        stages = {f"{stage}_s": spent for stage, spent in spoken.stage_seconds.items()}
        return {"audio_s": spoken.mix.duration_s, **stages}

    return fastest(f"dialogue_{length_s}s", speak, bench.repeats if short else 1, warm_up=short)


def first_sound(bench: Bench) -> Row:
    """From the call to the first stretch of sound of the longest script."""
    script = script_of(bench.pipeline, DIALOGUE_LENGTHS_S[-1])

    def begin() -> dict[str, float]:
        stream = bench.pipeline.stream(script, seed=bench.seed)
        first = next(spoken for spoken in stream if len(spoken.mix.samples))
        return {"audio_s": first.mix.duration_s}

    return fastest("first_sound", begin, bench.repeats)


_STARTER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""
"""Starts a command from a process that is small itself: the system counts what a child held before
it became the command."""


def cold_start(bench: Bench) -> Row:
    """From the start of a process to a finished file, for a script of about 5 s."""
    with tempfile.TemporaryDirectory() as folder:
        script, wav = Path(folder) / "script.txt", Path(folder) / "out.wav"
        script.write_text(script_of(bench.pipeline, 5), encoding="utf-8")
        command = [sys.executable, "-m", "app", "speak", str(script), "-o", str(wav)]

        def start() -> dict[str, float]:
            command_line = [*command, "--model", bench.model, "--seed", str(bench.seed)]
            starter = [sys.executable, "-c", _STARTER, *command_line]
            told = subprocess.run(starter, check=True, capture_output=True, cwd=ROOT, text=True)
            rate = bench.pipeline.models.codec.sample_rate_hz
            return {"audio_s": read_audio(wav, rate).duration_s, "peak_mb": float(told.stdout)}

        return fastest("cold_start", start, bench.repeats)


def generator(bench: Bench, name: str, length_s: int) -> Row:
    """One of the generators compared, on the true semantic ids of a passage."""
    models = bench.pipeline.models
    (passage,) = read_passages(models, SENTENCES, length_s, 1)
    system: System = load_system(name, models, bench.baseline)

    def speak() -> dict[str, float]:
        system(passage, bench.seed)
        return {"audio_s": passage.audio_s}

    repeats = bench.repeats if name == SHIPPED else 1
    return fastest(f"{name}_{length_s}s", speak, repeats, warm_up=name == SHIPPED)


def fastest(
    name: str, run: Callable[[], dict[str, float]], repeats: int, warm_up: bool = True
) -> Row:
    """The fastest of some runs; each gives the figures that belong to it."""
    if warm_up:
        run()
    best: dict[str, float] = {}
    for _ in range(repeats):
        reset_peak()
        start = time.perf_counter()
        figures = run()
        wall_s = time.perf_counter() - start
        if not best or wall_s < best["wall_s"]:
            factor = wall_s / figures["audio_s"]
            best = {"wall_s": wall_s, "real_time_factor": factor, "peak_mb": peak_mb(), **figures}
    order = ("audio_s", "wall_s", "real_time_factor", "peak_mb")
    return Row(name=name, values={key: best[key] for key in (*order, *best)})


ROWS: dict[str, Callable[[Bench], Row]] = {
    **{f"dialogue_{length}s": partial(dialogue, length_s=length) for length in DIALOGUE_LENGTHS_S},
    "first_sound": first_sound,
    "cold_start": cold_start,
    **{
        f"{name}_{length}s": partial(generator, name=name, length_s=length)
        for name in (SHIPPED, BASELINE)
        for length in PASSAGE_LENGTHS_S
    },
}


def measure(bench: Bench, wanted: list[str]) -> Iterator[Row]:
    """The wanted rows, as they are ready."""
    for name in wanted:
        yield ROWS[name](bench)


def main(argv: list[str] | None = None) -> None:
    """`python -m benchmarks.speed [--json] [--rows ...] [--model small] [--write]`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="small")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--engine", default="auto", help="auto, torch or openvino")
    parser.add_argument("--baseline", type=Path, default=BASELINE_FOLDER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--json", action="store_true", help="one JSON object a line, no table")
    parser.add_argument("--write", action="store_true", help="put the table into docs/speed.md")
    options = parser.parse_args(argv)
    bench = Bench(
        pipeline=DialoguePipeline.load(options.model, options.device, options.engine),
        model=options.model,
        baseline=options.baseline,
        seed=options.seed,
        repeats=options.repeats,
    )
    rows = []
    for row in measure(bench, options.rows):
        rows.append(row)
        if options.json:
            print(json.dumps({"name": row.name, **row.values}), flush=True)
    if not options.json:
        print(to_markdown(rows))
    if options.write:
        write_table(REPORT, "speed", rows)


if __name__ == "__main__":
    main()
