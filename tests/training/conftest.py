"""Raw material for the recipe, all of it made up here."""

import json
import lzma
from pathlib import Path

import numpy as np
import pytest
import soundfile


def _write_xz(path: Path, lines: list[str]) -> None:
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


@pytest.fixture
def raw_material(tmp_path: Path) -> Path:
    """A folder with the layout of the raw material, all of it made up here."""
    text = tmp_path / "data" / "text"
    text.mkdir(parents=True)
    numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    sentences = [
        f"The {numbers[i % 10]} boats met {numbers[i // 10]} gulls at sea." for i in range(100)
    ]
    _write_xz(text / "sentences.txt.xz", sentences)
    _write_xz(text / "sentences.sources.txt.xz", ["VGWN"[i % 4] for i in range(100)])
    _write_xz(text / "words.txt.xz", numbers)
    turns = [{"speaker": 0, "text": f"Is boat {a} ready?"} for a in numbers]
    _write_xz(text / "dialogues.jsonl.xz", [json.dumps({"source": "made-up", "turns": turns})])
    speech = tmp_path / "data" / "speech"
    speech.mkdir()
    tone = 0.1 * np.sin(np.arange(24_000) * 0.05)
    soundfile.write(speech / "tone.wav", tone, 24_000)
    (speech / "manifest.tsv").write_text(
        "path\tspeaker\tdataset\tseconds\tsample_rate_hz\ttext\tsplit\ntone.wav\ttoner\tmade-up\t1.0\t24000\t\tdev\n"
    )
    return tmp_path / "data"
