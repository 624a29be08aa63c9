"""SoundStorm beside the autoregressive generator it replaces: one run, one machine, the same ids.

Every generator gets the same semantic ids, voice prompts and codec, and is judged by the same
listeners; the codec's own codes bound what any of them can reach (SoundStorm section 4, arXiv
2305.09636).
"""

import argparse
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.material import SENTENCES
from benchmarks.passages import Passage, read_passages
from benchmarks.quality.confidence import estimate, mean, pooled
from benchmarks.quality.judges import JudgePool, Scores
from benchmarks.quality.listeners import VoiceJudge
from benchmarks.quality.samples import Take, waveform
from benchmarks.systems import (
    BASELINE,
    BASELINE_FOLDER,
    CODEC,
    System,
    load_system,
    system_names,
)
from benchmarks.tables import Row, write_table
from pipeline.datatypes.sound import Waveform
from pipeline.dialogue import DialoguePipeline
from pipeline.runtime.models import Models

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "comparison.md"
PICTURE = ROOT / "docs" / "comparison.png"

LENGTHS_S = (10.0, 20.0, 30.0)
JUDGED_S = 30.0
CROP_S = 3.0
SLOW_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was measured of one generator.

    Attributes:
        name: of the generator.
        wall_s: seconds it takes, by seconds of speech.
        word_error, similarity, opinion: over the judged passages; `nan` if none were.
        drift: similarity of successive crops to the prompt, averaged over passages.
    """

    name: str
    wall_s: Mapping[float, float]
    word_error: float
    similarity: float
    opinion: float
    drift: tuple[float, ...]

    def to_row(self) -> Row:
        """As one line of a table."""
        values: dict[str, float] = {}
        for audio_s, wall_s in self.wall_s.items():
            values[f"{audio_s:.0f}_s"] = wall_s
        longest = max(self.wall_s, default=None)
        if longest is not None:
            values["real_time_factor"] = self.wall_s[longest] / longest
        values |= {
            "word_error": self.word_error,
            "own_voice": self.similarity,
            "DNSMOS": self.opinion,
        }
        if self.drift:
            values |= {"first_3_s": self.drift[0], "last_3_s": self.drift[-1]}
        return Row(name=self.name, values=values)


def seconds_of(system: System, passage: Passage, repeats: int, seed: int = 0) -> float:
    """Fewest seconds that a generator takes for a passage.

    The first run counts only if it is so slow that getting ready has no share in it.
    """
    spent: list[float] = []
    for _ in range(1 + repeats):
        start = time.perf_counter()
        system(passage, seed)
        spent.append(time.perf_counter() - start)
        if spent[0] > SLOW_S:
            return spent[0]
    return min(spent[1:])


def judge(
    models: Models, system: System, passages: Sequence[Passage], pool: JudgePool, seed: int
) -> tuple[list[Scores], tuple[float, ...]]:
    """Scores on whole passages, and the likeness of successive crops to the prompt."""
    voices, takes, likeness = VoiceJudge(), [], []
    for number, passage in enumerate(passages):
        speech = _sound(models, system(passage, seed + number))
        prompt = _sound(models, passage.voice.codes)
        takes.append(Take(text=passage.text, speech=speech, prompt=prompt))
        wanted = voices.embedding(prompt)
        crops = _crops(speech, JUDGED_S)
        likeness.append([float(voices.embedding(crop) @ wanted) for crop in crops])
    scores = list(pool.scores(takes))
    return scores, tuple(float(value) for value in np.mean(likeness, axis=0))


def _sound(models: Models, codes: torch.Tensor) -> Waveform:
    return waveform(models.codec.decode(codes[None])[0].float().cpu().numpy())


def _crops(speech: Waveform, within_s: float) -> list[Waveform]:
    n = round(CROP_S * speech.sample_rate_hz)
    stop = round(within_s * speech.sample_rate_hz) - n + 1
    return [waveform(speech.samples[first : first + n]) for first in range(0, stop, n)]


def compare(
    models: Models,
    systems: Mapping[str, System],
    n_passages: int,
    repeats: int,
    pool: JudgePool,
) -> list[Compared]:
    """Measure every generator: speed first, while nobody judges."""
    timed = [read_passages(models, SENTENCES, seconds, 1)[0] for seconds in LENGTHS_S]
    spent = {
        name: {round(passage.audio_s, 1): seconds_of(system, passage, repeats) for passage in timed}
        for name, system in systems.items()
        if name != CODEC
    }
    passages = read_passages(models, SENTENCES, JUDGED_S, n_passages)
    compared = []
    for name, system in systems.items():
        scores, drift = judge(models, system, passages, pool, seed=0)
        one = Compared(
            name=name,
            wall_s=spent.get(name, {}),
            word_error=estimate(scores, pooled("word_errors", "n_words")).value,
            similarity=estimate(scores, mean("own")).value,
            opinion=estimate(scores, mean("opinion")).value,
            drift=drift,
        )
        print(json.dumps({"name": name, **one.to_row().values, "drift": drift}), flush=True)
        compared.append(one)
    return compared


def draw(compared: Sequence[Compared], path: Path) -> None:
    """Word error against real-time factor, and the voice over time."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (quality, voice) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for one in compared:
        longest = max(one.wall_s, default=None)
        if longest is None:
            quality.axhline(one.word_error, color="gray", linestyle=":", label=one.name)
        else:
            factor = one.wall_s[longest] / longest
            mark = "^" if "guided" in one.name else "o"
            quality.plot(factor, one.word_error, mark, label=one.name)
    quality.set(xscale="log", xlabel="real-time factor at 30 s", ylabel="word error")
    quality.legend(fontsize=7)
    for one in compared:
        if one.name in (CODEC, BASELINE) or "_" not in one.name:
            times = (np.arange(len(one.drift)) + 0.5) * CROP_S
            voice.plot(times, one.drift, label=one.name)
    voice.set(xlabel="seconds", ylabel="likeness of 3 s to the prompt")
    voice.legend(fontsize=7)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(argv: list[str] | None = None) -> None:
    """`python -m benchmarks.comparison [--passages 6] [--systems ...] [--write]`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="small")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--baseline", type=Path, default=BASELINE_FOLDER)
    parser.add_argument("--passages", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--systems", nargs="+", choices=system_names(), default=system_names())
    parser.add_argument("--processes", type=int, default=2, help="that judge")
    parser.add_argument("--write", action="store_true", help="into docs/comparison.*")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING)
    models = DialoguePipeline.load(options.model, options.device).models
    systems = {name: load_system(name, models, options.baseline) for name in options.systems}
    with JudgePool(options.processes) as pool:
        compared = compare(models, systems, options.passages, options.repeats, pool)
    if options.write:
        write_table(REPORT, "comparison", [one.to_row() for one in compared])
        draw(compared, PICTURE)


if __name__ == "__main__":
    main()
