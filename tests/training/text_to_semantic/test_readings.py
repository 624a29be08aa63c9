from pathlib import Path

import pytest

from training.config import StageOptions
from training.text_to_semantic.readings import (
    READINGS_NAME,
    Reading,
    load_readings,
    read_aloud,
    run,
)


def test_every_character_gets_its_sound() -> None:
    reading = read_aloud("she said no.")
    assert reading is not None
    assert len(reading.sounds) == len(reading.text)
    assert " ".join(filter(None, reading.sounds)) == "sh iy s eh d n ow"


def test_a_text_without_a_sound_is_no_reading() -> None:
    assert read_aloud("...") is None


def test_the_stage_writes_what_training_reads_and_keeps_what_is_there(
    raw_material: Path, tmp_path: Path
) -> None:
    options = StageOptions(size="tiny", data=raw_material, out=tmp_path)
    run(options)
    readings = load_readings(tmp_path)
    assert len(readings) > 20
    assert all(len(one.text) == len(one.sounds) for one in readings)
    (tmp_path / READINGS_NAME).write_text('{"text": "a", "sounds": ["ax"]}\n', encoding="utf-8")
    run(options)
    assert load_readings(tmp_path) == [Reading(text="a", sounds=("ax",))]


def test_without_the_stage_there_are_none(tmp_path: Path) -> None:
    assert load_readings(tmp_path) == []


@pytest.mark.parametrize("size", ["base"])
def test_paper_scale_needs_none(size: str, tmp_path: Path) -> None:
    run(StageOptions(size=size, data=tmp_path, out=tmp_path))
    assert load_readings(tmp_path) == []
