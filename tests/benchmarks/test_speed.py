"""Rows of speed: what they must hold, at tiny size."""

import json
from pathlib import Path

import pytest

from benchmarks import speed
from benchmarks.speed import ROWS, Bench, fastest, main, script_of
from pipeline.dialogue import DialoguePipeline
from pipeline.synthesis.options import SynthesisOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions


@pytest.fixture
def bench(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    relaxed = SynthesisOptions(text=TextToSemanticOptions(strict=False))
    for name in ("synthesize", "stream"):
        spoken = getattr(DialoguePipeline, name)
        monkeypatch.setattr(
            DialoguePipeline,
            name,
            lambda self, script, seed=0, spoken=spoken: spoken(
                self, script, seed=seed, options=relaxed
            ),
        )
    return Bench(
        pipeline=DialoguePipeline.load(tiny_models),
        model=str(tiny_models),
        baseline=tiny_models,
        seed=0,
        repeats=1,
    )


def test_the_rows_asked_for_are_there() -> None:
    wanted = {"dialogue_10s", "dialogue_30s", "dialogue_300s", "dialogue_1800s"}
    wanted |= {"first_sound", "cold_start"}
    wanted |= {f"{name}_{n}s" for name in ("soundstorm", "audiolm") for n in (10, 20, 30)}
    assert set(ROWS) == wanted


@pytest.mark.parametrize("seconds", [5, 100])
def test_a_script_is_estimated_to_last_as_long_as_asked(bench: Bench, seconds: float) -> None:
    pipeline = bench.pipeline
    script = script_of(pipeline, seconds)
    estimate = pipeline.estimate_seconds(pipeline.parse(script))
    last = pipeline.estimate_seconds(pipeline.parse(script.splitlines()[-1]))
    assert seconds <= estimate < seconds + last + 0.1


@pytest.mark.parametrize("name", ["dialogue_10s", "first_sound", "soundstorm_10s"])
def test_a_row_has_seconds_and_memory(
    name: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "DIALOGUE_LENGTHS_S", (5,))
    row = ROWS[name](bench)
    assert row.name == name
    assert row.values["audio_s"] > 0
    assert row.values["peak_mb"] > 50
    factor = row.values["wall_s"] / row.values["audio_s"]
    assert row.values["real_time_factor"] == pytest.approx(factor)


def test_the_fastest_run_counts_with_its_own_figures() -> None:
    runs = iter([0.0, 0.05, 0.0, 0.05])
    seen: list[float] = []

    def run() -> dict[str, float]:
        pause = next(runs)
        seen.append(pause)
        speed.time.sleep(pause)
        return {"audio_s": 1.0, "pause": pause}

    row = fastest("x", run, 3)
    assert seen == [0.0, 0.05, 0.0, 0.05]
    assert row.values["pause"] == 0.0


def test_the_command_prints_one_object_a_line(
    bench: Bench, tiny_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--model", str(tiny_models), "--rows", "soundstorm_10s", "--repeats", "1", "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    assert {"name", "audio_s", "wall_s", "peak_mb"} <= set(json.loads(line))
