import json
import lzma
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.tokenizers.text import TextTokenizer
from training.datasets import INDEX_NAME, write_rows
from training.text_tokenizer import main


def _write_texts(folder: Path) -> None:
    folder.mkdir(parents=True)
    with lzma.open(folder / "sentences.txt.xz", "wt", encoding="utf-8") as file:
        file.write("A jazzy fox quickly vexed 12 big dogs.\n...\n")
    with lzma.open(folder / "dialogues.jsonl.xz", "wt", encoding="utf-8") as file:
        turns = [{"speaker": 0, "text": "How much?"}, {"speaker": 1, "text": "Twelve!"}]
        file.write(json.dumps({"source": "test", "turns": turns}) + "\n")


def test_the_stage_exports_one_model_that_knows_the_characters(tmp_path: Path) -> None:
    _write_texts(tmp_path / "data" / "text")
    main(["--size", "tiny", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "run")])
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert files == [tmp_path / "run" / "models" / "text_tokenizer" / "tokenizer.model"]
    tokenizer = TextTokenizer.load(files[0])
    assert len(tokenizer.encode("how?!")) == 5


def test_transcripts_stand_in_where_there_are_no_texts(tmp_path: Path) -> None:
    write_rows(tmp_path / "run" / "corpus" / INDEX_NAME, [{"text": "Late jazz?"}, {"text": ""}])
    main(["--size", "base", "--data", str(tmp_path), "--out", str(tmp_path / "run")])
    path = tmp_path / "run" / "models" / "text_tokenizer" / "tokenizer.model"
    assert len(TextTokenizer.load(path).encode("jazz?")) == 5


def test_missing_texts_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no sentences\.txt\.xz"):
        main(["--size", "tiny", "--data", str(tmp_path), "--out", str(tmp_path / "run")])
