from pathlib import Path

import pytest

from app.studio import Studio, load_studio
from pipeline.errors import CheckpointError, VoiceError


def test_a_library_voice_is_given_as_its_file(studio: Studio, recordings: dict[str, Path]) -> None:
    path = studio.add_voice("mine", recordings["good"], "mine")
    assert studio.voice_names() == ["anna", "ben", "mine"]
    assert studio.find_voice("mine") == path
    assert studio.find_voice("anna") == "anna"


def test_a_taken_name_is_refused(studio: Studio, recordings: dict[str, Path]) -> None:
    with pytest.raises(VoiceError, match="already is a voice 'anna'"):
        studio.add_voice("anna", recordings["good"], "")


def test_samples_are_named_after_their_files(studio: Studio) -> None:
    assert studio.sample_scripts() == {"Small talk": "Anna: Hello.\nBen: Hi.\n"}


def test_loading_without_weights_names_the_model() -> None:
    with pytest.raises(CheckpointError, match="there are no weights 'huge'"):
        load_studio("huge", "cpu")
