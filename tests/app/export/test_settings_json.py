import dataclasses
import json
from typing import Any

import numpy as np
import torch

from app.export.settings_json import settings_to_json
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.voice import Voice, VoiceCheck
from pipeline.synthesis.options import SynthesisOptions
from tests.app.tone_pipeline import TonePipeline

TEXT = "[S1 pace=0.9] Hello.\n[S2 gap=-0.2] Hi {Worcester|wuster}.\n"


@dataclasses.dataclass(frozen=True, kw_only=True)
class LicensedVoice(Voice):
    licence: str = ""
    consent: str = ""


def _dialogue(pipeline: TonePipeline) -> Dialogue:
    voice = LicensedVoice(
        name="anna",
        semantic_ids=torch.zeros(2, dtype=torch.int64),
        codes=torch.zeros(4, 4, dtype=torch.int64),
        level_db=float("-inf"),
        codec_id="tones",
        description="a tone",
        licence="CC0",
        consent="given in writing",
    )
    spoken = pipeline.synthesize(TEXT, seed=5)
    check = VoiceCheck(turn=0, similarity=np.float32(0.5), nearest="S1")
    first, second = spoken.takes
    first = dataclasses.replace(first, seed=11, check=check)
    return dataclasses.replace(
        spoken,
        takes=(first, dataclasses.replace(second, seed=12)),
        voices={"S1": voice},
        locked=frozenset({1}),
        options=SynthesisOptions(max_retakes=2),
    )


def _settings(dialogue: Dialogue) -> dict[str, Any]:
    conditions = {"weights": "abc", "engine": "torch", "device": "cpu"}
    return json.loads(settings_to_json(dialogue, TEXT, conditions, {"S1": "Anna"}, ["softer"]))


def test_the_script_and_what_spoke_it_are_told(pipeline: TonePipeline) -> None:
    settings = _settings(_dialogue(pipeline))
    assert settings["format"] == "colloquy settings 1"
    assert settings["about"].startswith("Synthetic speech")
    assert settings["script"] == TEXT
    assert (settings["seed"], settings["weights"], settings["engine"]) == (5, "abc", "torch")
    assert settings["options"]["max_retakes"] == 2
    assert settings["notes"][-1] == "softer"
    assert len(settings["notes"]) == len(_dialogue(pipeline).notes) + 1


def test_every_turn_tells_its_seed_pace_gap_lock_and_check(pipeline: TonePipeline) -> None:
    first, second = _settings(_dialogue(pipeline))["turns"]
    assert (first["seed"], first["pace"], first["gap_s"], first["locked"]) == (11, 0.9, None, False)
    assert first["check"]["similarity"] == 0.5
    assert (second["seed"], second["gap_s"], second["locked"]) == (12, -0.2, True)
    assert second["check"] is None
    assert (second["text"], second["spoken_text"]) == ("Hi Worcester.", "Hi wuster.")
    assert (second["start_s"], second["end_s"]) == (0.3, 0.8)


def test_voices_tell_licence_and_consent_and_no_sound(pipeline: TonePipeline) -> None:
    speakers = _settings(_dialogue(pipeline))["speakers"]
    assert speakers["S1"] == {
        "name": "Anna",
        "voice": {
            "name": "anna",
            "level_db": None,
            "codec_id": "tones",
            "description": "a tone",
            "licence": "CC0",
            "consent": "given in writing",
        },
    }
    assert speakers["S2"] == {"name": "S2", "voice": None}


def test_the_same_dialogue_gives_the_same_text(pipeline: TonePipeline) -> None:
    assert _settings(_dialogue(pipeline)) == _settings(_dialogue(pipeline))
    unlocked = dataclasses.replace(_dialogue(pipeline), locked=frozenset())
    assert _settings(unlocked) != _settings(_dialogue(pipeline))
