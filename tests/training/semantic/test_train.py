import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.errors import ConfigError
from pipeline.tokenizers.semantic import SemanticTokenizer
from training.config import StageOptions
from training.datasets import AUDIO_NAME, INDEX_NAME, Corpus, Utterance, write_rows
from training.semantic.data import MelStore
from training.semantic.train import STAGES, SemanticJob, run

PITCHES_HZ = {"ow": 300.0, "iy": 2_500.0, "s": 6_000.0}


def write_corpus(folder: Path, n_utterances: int = 16) -> Path:
    """Utterances of 1.2 s whose "phones" are tones; every second one passes for a human's."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    rows = []
    with (folder / AUDIO_NAME).open("wb") as file:
        for number in range(n_utterances):
            names = [str(name) for name in rng.choice(list(PITCHES_HZ), 6)]
            time_s = np.arange(3_200) / 16_000
            sound = np.concatenate([np.sin(2 * np.pi * PITCHES_HZ[n] * time_s) for n in names])
            sound = sound + 0.01 * rng.standard_normal(len(sound))
            file.write((8_000 * sound).astype(np.int16).tobytes())
            human = number % 2 == 1
            utterance = Utterance(
                start=number * 19_200,
                n_samples=19_200,
                speaker=f"speaker{number % 4}",
                source="human" if human else "flite",
                split="dev" if number >= n_utterances - 4 else "train",
                text="a tone" if human else "",
                phones=() if human else tuple((n, 0.2 * (i + 1)) for i, n in enumerate(names)),
            )
            rows.append(dataclasses.asdict(utterance))
    write_rows(folder / INDEX_NAME, rows)
    return folder


def make_job(folder: Path) -> SemanticJob:
    corpus = Corpus(write_corpus(folder / "corpus"))
    config = tiny().semantic
    store = MelStore(corpus, folder / "mel.f16", config)
    return SemanticJob(corpus, store, config, STAGES["tiny"], torch.device("cpu"))


def test_steps_on_one_batch_lower_every_loss(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    job.stage = dataclasses.replace(job.stage, crop_frames=80)
    figures = [job.train_step(step, torch.Generator().manual_seed(0)) for step in range(12)]
    for name in ("loss", "phone_loss", "masked_loss", "ctc_loss"):
        assert float(figures[-1][name]) < float(figures[0][name]), name
        assert math.isfinite(float(figures[-1][name]))


def test_an_evaluation_gives_held_out_figures(tmp_path: Path) -> None:
    figures = make_job(tmp_path).evaluate(torch.Generator().manual_seed(0))
    assert figures.keys() == {"phone_loss", "phone_accuracy", "ctc_loss"}
    assert 0 <= figures["phone_accuracy"] <= 1


def test_a_corpus_without_training_speech_is_refused(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus", n_utterances=4)
    corpus = Corpus(folder)
    config = tiny().semantic
    store = MelStore(corpus, tmp_path / "mel.f16", config)
    with pytest.raises(ConfigError, match="no utterances for training"):
        SemanticJob(corpus, store, config, STAGES["tiny"], torch.device("cpu"))


def test_the_stage_exports_a_tokenizer_and_its_figures(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    run(StageOptions(size="tiny", data=tmp_path, out=tmp_path, device="cpu"))
    folder = tmp_path / "models" / "semantic"
    tokenizer = SemanticTokenizer.load(folder)
    corpus = Corpus(tmp_path / "corpus")
    samples = torch.from_numpy(corpus.audio(corpus.utterances[0]).astype(np.float32) / 2.0**15)
    assert len(tokenizer.encode(samples).unique()) > 1
    figures = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert {"phone_purity", "pnmi", "human_speaker_accuracy", "layer_1_pnmi"} <= figures.keys()
    assert figures["phone_purity"] > 0.5  # tones are easy
