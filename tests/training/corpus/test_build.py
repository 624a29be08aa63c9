from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError
from training.config import StageOptions
from training.corpus import build as corpus
from training.corpus.synthetic_speakers import SAMPLE_RATE_HZ, SyntheticSpeaker, draw_speaker, speak
from training.corpus.texts import MAX_CHARACTERS, MIN_CHARACTERS, draw_texts
from training.datasets import Corpus


def test_texts_are_distinct_normalised_and_of_bounded_length(raw_material: Path) -> None:
    texts = draw_texts(raw_material / "text", 30, seed=3)
    assert len(set(texts)) == 30
    assert all(
        MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS and text == text.lower() for text in texts
    )
    assert texts == draw_texts(raw_material / "text", 30, seed=3)


def test_too_little_text_is_said(raw_material: Path) -> None:
    with pytest.raises(ConfigError, match="of the 5000 texts wanted"):
        draw_texts(raw_material / "text", 5000, seed=3)


def test_missing_raw_material_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"manifest.tsv is missing"):
        corpus.run(StageOptions(size="tiny", data=tmp_path, out=tmp_path / "out"))


def test_phone_times_rise_and_end_with_the_sound() -> None:
    samples, phones = speak(SyntheticSpeaker(name="slt", base="slt"), "hello there, my friend.")
    ends = [end for _, end in phones]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(len(samples) / SAMPLE_RATE_HZ, abs=0.03)
    assert [name for name, _ in phones[:2]] == ["pau", "hh"]


def test_a_made_up_speaker_has_the_pitch_it_was_given() -> None:
    import pyworld

    for pitch_hz in (110.0, 220.0):
        speaker = SyntheticSpeaker(name="x", base="rms", pitch_hz=pitch_hz)
        samples, _ = speak(speaker, "many more men were moving along the river.")
        pitch, _ = pyworld.harvest(samples / 32768.0, SAMPLE_RATE_HZ)
        assert np.median(pitch[pitch > 0]) == pytest.approx(pitch_hz, rel=0.08)


def test_speakers_are_drawn_once_and_differ() -> None:
    assert draw_speaker(5, seed=1) == draw_speaker(5, seed=1)
    assert draw_speaker(5, seed=1) != draw_speaker(6, seed=1)


def test_an_interrupted_corpus_goes_on_and_joins_every_part(
    raw_material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = corpus.CorpusConfig(
        flite={"kal16": 5},
        n_world_speakers=1,
        n_per_world_speaker=2,
        n_world_dev=1,
        n_per_built_in=1,
        dev_share=0.2,
        n_per_part=3,
    )
    monkeypatch.setitem(corpus.SIZES, "tiny", config)
    options = StageOptions(size="tiny", data=raw_material, out=tmp_path / "out")
    corpus.run(options)
    made = Corpus(tmp_path / "out" / "corpus")
    assert {(u.speaker, u.source, u.split) for u in made.utterances} == {
        ("kal16", "flite", "dev"),
        ("kal16", "flite", "train"),
        ("world-000", "world", "dev"),
        ("toner", "human", "dev"),
        *((name, "world", "train") for name in ("clara", "edith", "felix", "george", "hamish")),
    }
    assert len(made.utterances) == 13
    assert all(len(made.audio(u)) == u.n_samples > 0 for u in made.utterances)
    assert made.select("dev", ["human"])[0].n_samples == pytest.approx(SAMPLE_RATE_HZ, abs=2)
    corpus.run(options)  # finished: nothing is made again
