"""Tuning the codec's decoder on predicted codes, with untrained networks."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.datatypes.sound import Waveform
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import save_network
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.tokenizers.spectral_codec import SpectralCodec
from training.codec import decoder_tuning as stage
from training.codec.decoder_tuning import SIZES, DecoderJob, draw_passages, predict_codes
from training.config import StageOptions
from training.datasets import AUDIO_NAME, INDEX_NAME, TokenCorpus, TokenisedUtterance, save_tokens

STORM = tiny().soundstorm
CONFIG = SIZES["tiny"]


@pytest.fixture
def run_folder(tmp_path: Path, speech_like: Waveform) -> Path:
    """A run that got as far as SoundStorm: two utterances of the same sound."""
    samples = (speech_like.samples * 32767).astype(np.int16)
    codec, network = SpectralCodec(tiny().codec).eval(), SoundStorm(STORM).eval()
    codec.quantizer.codebooks.normal_(generator=torch.Generator().manual_seed(3))
    codes = codec.encode(torch.from_numpy(speech_like.samples)[None])[0]
    n_ids = codes.shape[1] // STORM.frames_per_semantic
    codes = codes[:, : n_ids * STORM.frames_per_semantic]
    ids = torch.arange(n_ids) % STORM.n_semantic
    (tmp_path / "corpus").mkdir()
    np.tile(samples, 2).tofile(tmp_path / "corpus" / AUDIO_NAME)
    rows, utterances = [], []
    for number in range(2):
        spoken = {"speaker": "one", "source": "flite", "split": "train", "text": ""}
        rows.append(spoken | {"start": number * len(samples), "n_samples": len(samples)})
        utterances.append(
            TokenisedUtterance(
                semantic_start=number * n_ids,
                n_semantic=n_ids,
                frame_start=number * codes.shape[1],
                n_frames=codes.shape[1],
                **spoken,
            )
        )
    index = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "corpus" / INDEX_NAME).write_text(index)
    save_tokens(tmp_path / "tokens", ids.repeat(2), codes.repeat(1, 2), utterances)
    save_network(tmp_path / "models" / "codec", tiny().codec, codec)
    save_network(tmp_path / "models" / "soundstorm", STORM, network)
    return tmp_path


def test_given_codes_stay_and_the_others_do_not_depend_on_what_they_were(
    rng: torch.Generator,
) -> None:
    network = SoundStorm(STORM, torch.randn(STORM.n_levels, STORM.n_codes, STORM.code_dim))
    network.eval()
    shape = (2, STORM.n_levels, 12)
    codes = torch.randint(STORM.n_codes, shape, generator=rng)
    given = torch.rand(shape, generator=rng) < 0.3
    ids = torch.randint(STORM.n_semantic, (2, 12), generator=rng)
    made = predict_codes(network, ids, codes, given)
    assert torch.equal(made[given], codes[given])
    assert int(made.max()) < STORM.n_codes
    others = codes.masked_fill(~given, 0)
    assert torch.equal(predict_codes(network, ids, others, given), made)


def test_passages_are_pieces_of_the_corpus(run_folder: Path) -> None:
    tokens = TokenCorpus(run_folder / "tokens")
    network = SoundStorm(STORM).eval()
    passages = draw_passages(network, tokens, CONFIG, torch.device("cpu"))
    assert passages.true_codes.shape == passages.predicted_codes.shape
    for row in range(CONFIG.n_passages):
        utterance = tokens.utterances[int(passages.utterances[row])]
        start, n_frames = int(passages.frames[row]), passages.true_codes.shape[-1]
        expected = tokens.codes(utterance)[:, start : start + n_frames]
        assert torch.equal(passages.true_codes[row], expected)


def test_without_a_long_utterance_the_message_says_so(run_folder: Path) -> None:
    config = dataclasses.replace(CONFIG, passage_ids=10_000)
    with pytest.raises(ConfigError, match="10000 semantic ids"):
        draw_passages(
            SoundStorm(STORM), TokenCorpus(run_folder / "tokens"), config, torch.device("cpu")
        )


def test_the_stage_moves_the_decoder_and_nothing_else(run_folder: Path) -> None:
    folder = run_folder / "models" / "codec"
    before = SpectralCodec.load(folder, torch.device("cpu"))
    stage.run(StageOptions(size="tiny", data=run_folder, out=run_folder, device="cpu"))
    after = SpectralCodec.load(folder, torch.device("cpu"))
    assert after.identity == before.identity
    moved = {
        name.split(".")[0]
        for name, value in after.state_dict().items()
        if not torch.equal(value, before.state_dict()[name])
    }
    assert moved == {"decoder", "fine_decoder"}


def test_steps_lower_the_loss(run_folder: Path, rng: torch.Generator) -> None:
    tokens = TokenCorpus(run_folder / "tokens")
    passages = draw_passages(SoundStorm(STORM).eval(), tokens, CONFIG, torch.device("cpu"))
    codec = SpectralCodec.load(run_folder / "models" / "codec", torch.device("cpu"))
    config = dataclasses.replace(CONFIG, learning_rate=3e-3)
    corpus = stage.Corpus(run_folder / "corpus")
    job = DecoderJob(codec, config, corpus, passages, torch.device("cpu"))
    losses = [float(job.train_step(step, rng)["mel"]) for step in range(20)]
    assert losses[-1] < 0.9 * losses[0]
