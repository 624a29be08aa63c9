"""Last stage: the card that goes with the weights, written from the run itself, not by hand."""

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from pipeline.files.atomic import write_atomically
from pipeline.files.checkpoint import WEIGHTS_NAME, load_tensors
from training.config import StageOptions
from training.datasets import Corpus
from training.loop import STATE_NAME
from training.options import parse_stage_options

logger = logging.getLogger(__name__)

NOTES_NAME = "notes.md"
"""In the run's folder: how it was made, if by more than the recipe."""

CURVES = {
    "codec": ("train/mel", "dev/mel", "dev/stoi"),
    "semantic": ("train/phone_loss", "dev/phone_loss", "dev/phone_accuracy"),
    "text_to_semantic": ("train/loss", "dev/loss", "dev/accuracy"),
    "soundstorm": ("train/level_1", "dev/human_level_1", "dev/synthetic_level_1"),
    "speaker": ("train/loss", "dev/human_eer", "dev/synthetic_eer"),
}
"""For each network, the TensorBoard figures worth a picture; those a run lacks are left out."""

SOURCES = """\
| material | licence |
|---|---|
| Kathleen (Rhasspy), CMU Arctic prompts | CC0 1.0 |
| LJ Speech 1.1, chapters LJ001 and LJ002 | public domain |
| LibriSpeech (V. Panayotov et al.), one utterance of each of 251 readers | CC BY 4.0 |
| speechocean762 (J. Zhang et al.) | Apache-2.0 |
| Speech-to-Intent benchmark (Picovoice) | Apache-2.0 |
| flite's voices (Carnegie Mellon University), WORLD speakers made of them | BSD-style |
| Schema-Guided Dialogue, ACCENTOR (text) | CC BY-SA 4.0 |
| Self-dialogue corpus, ChatterBot corpus (text) | BSD 3-Clause |
| Taskmaster-4, Synthetic-Persona-Chat (text) | CC BY 4.0 |
| Topical-Chat (text) | CDLA-Sharing 1.0 |
| Common Voice sentences (text) | CC0 1.0 |
| novels and plays of 1839 to 1927 (text) | public domain |
| English Wikipedia snippets from GAP and Topical-Chat (text) | CC BY-SA 3.0 |
| GSM8K questions (text) | MIT |
| CMUdict words | BSD 2-Clause style |
"""


def run(options: StageOptions) -> None:
    """Write `README.md` and the curves' picture into the run's `models/`.

    Raises:
        CheckpointError: if the run has no corpus or no exported weights.
    """
    models = options.out / "models"
    curves = {name: read_curves(options.out / name, tags) for name, tags in CURVES.items()}
    plot_curves(curves, models / "curves.png")
    corpus = Corpus(options.out / "corpus")
    synthetic = bool(corpus.select("train", ("flite", "world")))
    text = "\n".join(
        [
            f"# Colloquy `{options.size}`: weights for dialogue speech",
            "",
            f"{_how_made(options.out)} They speak English at {corpus.sample_rate_hz / 1000:g} kHz. "
            "Licence: Apache-2.0, as the code; the material they were trained on is listed below.",
            "",
            "## Networks",
            "",
            _networks_table(options.out),
            "## Trained on",
            "",
            _hours_table(corpus),
            SOURCES if synthetic else "Recordings and texts of the folder given as `--data`.\n",
            "No recording is part of these files, neither as sound nor as tokens. The built-in "
            "voices are synthetic speakers.",
            "",
            "## Curves",
            "",
            "![loss and accuracy of the five trainings over their steps](curves.png)",
            "",
            _last_figures(curves),
            "## Measured",
            "",
            _measured(models),
            "## Limits",
            "",
            "Words are lost and voices are approximate, most of all those cloned from recordings "
            "of people: the tables of the project's README tell how often. Speech made with them "
            "is synthetic and should be called so; ask before you clone a voice.",
            "",
        ]
    )

    def write(path: Path) -> None:
        path.write_text(text, encoding="utf-8")

    write_atomically(models / "README.md", write)
    logger.info("model card in %s", models / "README.md")


def read_curves(folder: Path, tags: Sequence[str]) -> dict[str, list[tuple[int, float]]]:
    """(step, value) of TensorBoard figures, over all sittings of a training."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    found = set(events.Tags()["scalars"])
    return {
        tag: sorted((event.step, event.value) for event in events.Scalars(tag))
        for tag in tags
        if tag in found
    }


def plot_curves(
    curves: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]], path: Path
) -> None:
    """One panel for each network, one line for each figure."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, -(-len(curves) // 2), figsize=(15, 7), layout="constrained")
    for axis in axes.flat[len(curves) :]:
        axis.set_axis_off()
    for axis, (name, figures) in zip(axes.flat, curves.items(), strict=False):
        for tag, points in figures.items():
            axis.plot(*zip(*points, strict=True), label=tag)
        axis.set(title=name, xlabel="step")
        if figures:
            axis.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def _how_made(out: Path) -> str:
    """What `NOTES_NAME` says of the run, or that nothing but the recipe made it."""
    path = out / NOTES_NAME
    if path.is_file():
        return path.read_text(encoding="utf-8").strip()
    return "Made by the stages of `training/`."


def _networks_table(out: Path) -> str:
    lines = ["| network | parameters | file | trained |", "|---|---|---|---|"]
    for name in CURVES:
        path = out / "models" / name / WEIGHTS_NAME
        n_parameters = sum(tensor.numel() for tensor in load_tensors(path).values())
        size = f"{n_parameters / 1e6:.1f} M | {path.stat().st_size / 1e6:.1f} MB"
        lines.append(f"| {name} | {size} | {_trained(out / name / STATE_NAME)} |")
    return "\n".join(lines) + "\n"


def _trained(path: Path) -> str:
    if not path.is_file():
        return "not by this run"
    state = torch.load(path, weights_only=True, mmap=True)
    return f"{state['trained_s'] / 60:.0f} minutes, {state['step']} steps"


def _hours_table(corpus: Corpus) -> str:
    lines = ["| source | split | utterances | speakers | hours |", "|---|---|---|---|---|"]
    for source in ("human", "flite", "world"):
        for split in ("train", "dev"):
            chosen = corpus.select(split, (source,))
            hours = sum(u.n_samples for u in chosen) / corpus.sample_rate_hz / 3600
            n_speakers = len({u.speaker for u in chosen})
            lines.append(f"| {source} | {split} | {len(chosen)} | {n_speakers} | {hours:.2f} |")
    return "\n".join(lines) + "\n"


def _last_figures(curves: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]) -> str:
    lines = ["| training | figure | last value | step |", "|---|---|---|---|"]
    for name, figures in curves.items():
        for tag, points in figures.items():
            step, value = points[-1]
            lines.append(f"| {name} | {tag} | {value:.3g} | {step} |")
    return "\n".join(lines) + "\n"


def _measured(models: Path) -> str:
    path = models / "semantic" / "metrics.json"
    lines = ["Speech as people hear it, by `python -m benchmarks.quality --write`:", ""]
    lines += ["<!-- quality -->", "<!-- /quality -->", ""]
    if path.is_file():
        lines += ["Semantic ids on held-out speech:", "", "| figure | value |", "|---|---|"]
        figures = json.loads(path.read_text(encoding="utf-8"))
        lines += [f"| {name} | {value:.3g} |" for name, value in figures.items()]
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> None:
    """Run the stage as a command."""
    run(parse_stage_options(argv, "Write the model card of a finished run."))


if __name__ == "__main__":
    main(sys.argv[1:])
