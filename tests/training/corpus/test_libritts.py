from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from pipeline.errors import ConfigError
from training.config import StageOptions
from training.corpus import build as corpus
from training.corpus.libritts import libritts_rows
from training.datasets import Corpus

RATE_HZ = 24_000


def write_utterance(path: Path, text: str, pitch_hz: float = 200.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 0.1 * np.sin(2 * np.pi * pitch_hz * np.arange(RATE_HZ // 2) / RATE_HZ)
    soundfile.write(path, tone, RATE_HZ)
    if text:
        path.with_name(f"{path.stem}.normalized.txt").write_text(text + "\n", encoding="utf-8")


def test_speaker_text_and_path_are_read(tmp_path: Path) -> None:
    write_utterance(tmp_path / "84" / "121123" / "84_121123_000007_000000.wav", "It is late.")
    write_utterance(tmp_path / "911" / "130578" / "911_130578_000001.flac", "")
    (tmp_path / "84" / "121123" / "84_121123_000007_000000.original.txt").write_text("x")
    (tmp_path / "speakers.tsv").write_text("x")
    first, second = libritts_rows(tmp_path)
    assert first == {
        "path": "84/121123/84_121123_000007_000000.wav",
        "speaker": "84",
        "split": "dev",
        "text": "It is late.",
    }
    assert (second["speaker"], second["split"], second["text"]) == ("911", "train", "")


def test_every_fiftieth_speaker_is_held_out(tmp_path: Path) -> None:
    for speaker in range(101):
        path = tmp_path / f"{speaker:03d}" / "1" / "a.wav"
        path.parent.mkdir(parents=True)
        path.touch()
    held_out = [row["speaker"] for row in libritts_rows(tmp_path) if row["split"] == "dev"]
    assert held_out == ["000", "050", "100"]


def test_a_single_speaker_is_all_for_training(tmp_path: Path) -> None:
    write_utterance(tmp_path / "7" / "1" / "a.wav", "One.")
    assert [row["split"] for row in libritts_rows(tmp_path)] == ["train"]


def test_a_folder_named_dev_is_what_is_held_out_and_test_folders_stay_out(tmp_path: Path) -> None:
    for part, speaker in (("train-clean-100", "1"), ("dev-clean", "2"), ("test-clean", "3")):
        write_utterance(tmp_path / "LibriTTS" / part / speaker / "1" / "a.wav", "One.")
    assert {row["speaker"]: row["split"] for row in libritts_rows(tmp_path)} == {
        "1": "train",
        "2": "dev",
    }


def test_a_folder_of_another_layout_holds_nothing(tmp_path: Path) -> None:
    write_utterance(tmp_path / "a.wav", "One.")
    assert libritts_rows(tmp_path) == []
    with pytest.raises(ConfigError, match=r"manifest\.tsv is missing"):
        corpus.human_clips(tmp_path, corpus.SIZES["base"])


def test_the_base_corpus_is_made_of_recordings_alone_at_the_codecs_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = SimpleNamespace(Pool=ThreadPool)  # processes take seconds to start
    monkeypatch.setattr(corpus, "multiprocessing", SimpleNamespace(get_context=lambda _: threads))
    speech = tmp_path / "data" / "speech"
    write_utterance(speech / "1" / "1" / "a.wav", "One.", pitch_hz=9_000.0)
    write_utterance(speech / "2" / "1" / "b.flac", "Two.")
    corpus.run(StageOptions(size="base", data=tmp_path / "data", out=tmp_path / "run"))
    made = Corpus(tmp_path / "run" / "corpus")
    assert made.sample_rate_hz == RATE_HZ
    found = {u.speaker: u for u in made.utterances}
    assert {(u.speaker, u.split, u.text, u.source) for u in made.utterances} == {
        ("1", "dev", "One.", "human"),
        ("2", "train", "Two.", "human"),
    }
    assert all(u.n_samples == RATE_HZ // 2 for u in made.utterances)
    high = made.audio(found["1"]).astype(np.float64)
    assert high.std() > 1_000  # a tone above 8 kHz is still there
    assert len(made.samples_at(found["1"], 16_000)) == 8_000
    assert float(made.samples_at(found["1"], 16_000).std()) < 0.01
