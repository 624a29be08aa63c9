import dataclasses
from pathlib import Path

import pytest
import torch

from pipeline.config.networks import TextTokenizerConfig, TextToSemanticConfig
from pipeline.config.sizes import tiny
from pipeline.files.checkpoint import load_config, load_network
from pipeline.text_to_semantic.model import TextToSemantic
from pipeline.tokenizers.text import TextTokenizer, train_text_tokenizer
from training.config import StageOptions
from training.datasets import TokenCorpus, TokenisedUtterance, save_tokens
from training.text_to_semantic.readings import Reading
from training.text_to_semantic.train import TextToSemanticJob, build_job, run, tiny_training

TEXTS = ("she had a dark suit", "in greasy wash water", "all year, they said", "no.", "oh, well")


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run that got as far as tokens: every letter is one of 26 ids, twice."""
    utterances, ids = [], []
    for number, text in enumerate(TEXTS * 4):
        said = [(ord(letter) - 97) % 26 for letter in text for _ in range(2)]
        utterances.append(
            TokenisedUtterance(
                semantic_start=len(ids),
                n_semantic=len(said),
                frame_start=0,
                n_frames=0,
                speaker=f"speaker {number % 3}",
                source="human",
                split="dev" if number >= 15 else "train",
                text=text,
            )
        )
        ids += said
    save_tokens(tmp_path / "tokens", torch.tensor(ids), torch.zeros(4, 1), utterances)
    models = tmp_path / "models" / "text_tokenizer"
    models.mkdir(parents=True)
    model = train_text_tokenizer(TEXTS, TextTokenizerConfig())
    (models / "tokenizer.model").write_bytes(model)
    return tmp_path


@pytest.fixture
def job(run_folder: Path) -> TextToSemanticJob:
    tokenizer = TextTokenizer.load(run_folder / "models" / "text_tokenizer" / "tokenizer.model")
    config = dataclasses.replace(tiny_training(), dropout=0.0, learning_rate=3e-3)
    return build_job(config, TokenCorpus(run_folder / "tokens"), tokenizer, torch.device("cpu"))


def test_steps_on_one_batch_lower_its_loss(job: TextToSemanticJob) -> None:
    figures = [job.train_step(step, torch.Generator().manual_seed(0)) for step in range(4)]
    losses = [float(each["loss"]) for each in figures]
    assert losses[-1] < losses[0]
    assert float(figures[-1]["strayed"]) <= float(figures[0]["strayed"])


def test_at_first_only_the_encoder_learns_and_then_everything(run_folder: Path) -> None:
    readings = [Reading(text=text, sounds=tuple(text)) for text in TEXTS * 20]
    tokenizer = TextTokenizer.load(run_folder / "models" / "text_tokenizer" / "tokenizer.model")
    config = dataclasses.replace(tiny_training(), dropout=0.0, learning_rate=3e-3)
    job = build_job(
        config, TokenCorpus(run_folder / "tokens"), tokenizer, torch.device("cpu"), readings
    )
    decoder = job.network.to_logits.weight.detach().clone()
    rng = torch.Generator().manual_seed(0)
    job.progress = 0.0
    losses = [float(job.train_step(step, rng)["reading"]) for step in range(30)]
    assert losses[-1] < 0.8 * losses[0]
    job.network.eval()
    torch.testing.assert_close(job.network.to_logits.weight, decoder, rtol=0.0, atol=1e-2)
    job.progress = config.reading_share
    assert {"reading", "loss"} <= set(job.train_step(30, rng))


def test_evaluation_gives_shares(job: TextToSemanticJob, rng: torch.Generator) -> None:
    with torch.no_grad():
        figures = job.evaluate(rng)
    assert figures["loss"] > 0
    assert all(0 <= figures[name] <= 1 for name in ("accuracy", "sharpness", "strayed"))


def test_a_run_exports_what_the_app_loads(run_folder: Path) -> None:
    run(StageOptions(size="tiny", data=run_folder, out=run_folder, device="cpu"))
    folder = run_folder / "models" / "text_to_semantic"
    config = load_config(folder, TextToSemanticConfig)
    assert config.frames_per_character == pytest.approx(2.0, abs=0.3)
    assert config.dim == tiny().text_to_semantic.dim
    load_network(folder, TextToSemantic(config))


@pytest.mark.slow
def test_four_examples_can_be_learned_by_heart(job: TextToSemanticJob) -> None:
    job.progress = 0.5
    for step in range(200):
        figures = job.train_step(step, torch.Generator().manual_seed(step % 2))
    assert float(figures["loss"]) < 1.5
    assert float(figures["strayed"]) < 0.3
