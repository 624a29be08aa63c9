"""How fast it speaks: seconds of every stage for scripts of several lengths, model load apart."""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.material import DIALOGUES
from benchmarks.tables import Row, write_table
from pipeline.dialogue import DialoguePipeline

README = Path(__file__).resolve().parents[1] / "README.md"
LENGTHS_S = (10, 30)


def script_of(pipeline: DialoguePipeline, seconds: float) -> str:
    """Two-speaker turns that last about so long."""
    lines: list[str] = []
    for speaker, text in (turn for dialogue in DIALOGUES for turn in dialogue):
        lines.append(f"[{speaker}] {text}")
        if pipeline.estimate_seconds(pipeline.parse("\n".join(lines))) >= seconds:
            break
    return "\n".join(lines)


def measure(pipeline: DialoguePipeline, seed: int, repeats: int) -> Iterator[Row]:
    """One row a length: the fastest of some runs, after one that is not counted."""
    for length_s in LENGTHS_S:
        script = script_of(pipeline, length_s)
        pipeline.synthesize(script, seed=seed)
        best: Row | None = None
        for _ in range(repeats):
            start = time.perf_counter()
            dialogue = pipeline.synthesize(script, seed=seed)
            wall_s = time.perf_counter() - start
            row = Row(
                name=f"dialogue_{length_s}s",
                values={
                    "audio_s": dialogue.mix.duration_s,
                    "wall_s": wall_s,
                    "real_time_factor": wall_s / dialogue.mix.duration_s,
                    **{f"{stage}_s": spent for stage, spent in dialogue.stage_seconds.items()},
                    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                },
            )
            best = row if best is None or wall_s < best.values["wall_s"] else best
        assert best is not None, "measured no run"
        yield best


def main(argv: list[str] | None = None) -> None:
    """`python -m benchmarks.speed [--model small] [--write]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="small")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args(argv)
    pipeline = DialoguePipeline.load(options.model)
    rows = []
    for row in measure(pipeline, options.seed, options.repeats):
        print(json.dumps({"name": row.name, **row.values}), flush=True)
        rows.append(row)
    if options.write:
        write_table(README, "speed", rows)


if __name__ == "__main__":
    main()
