"""All that made a dialogue, as JSON: script, seeds, voices and their licences, checks, weights."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from pipeline.audio.formats import SYNTHETIC_COMMENT
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.voice import Voice

SETTINGS_FORMAT = "colloquy settings 1"

Names = Mapping[str, str]


def settings_to_json(
    dialogue: Dialogue,
    text: str,
    conditions: Mapping[str, str],
    names: Names,
    notes: Sequence[str] = (),
) -> str:
    """A JSON object for people and programs; turns are numbered from 0, as in caption files.

    Args:
        dialogue: what was spoken.
        text: the script as typed.
        conditions: weights, engine and device, as `DialoguePipeline.conditions` gives them.
        names: speaker ("S1") to the name shown.
        notes: what had to be done to the files beside it.
    """
    values = {
        "format": SETTINGS_FORMAT,
        "about": SYNTHETIC_COMMENT,
        "made_by": "Colloquy",
        "script": text,
        "seed": dialogue.seed,
        "sample_rate_hz": dialogue.mix.sample_rate_hz,
        "duration_s": round(dialogue.mix.duration_s, 3),
        **conditions,
        "speakers": {
            speaker: {
                "name": names.get(speaker, speaker),
                "voice": _voice(dialogue.voices[speaker]) if speaker in dialogue.voices else None,
            }
            for speaker in sorted({turn.speaker for turn in dialogue.turns})
        },
        "turns": _turns(dialogue),
        "options": dialogue.options,
        "notes": (*map(str, dialogue.notes), *notes),
    }
    return json.dumps(_plain(values), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _turns(dialogue: Dialogue) -> list[dict[str, Any]]:
    return [
        {
            "turn": index,
            "speaker": take.turn.speaker,
            "text": take.turn.text,
            "spoken_text": take.turn.spoken_text,
            "pace": take.turn.pace,
            "gap_s": take.turn.gap_s,
            "pauses": take.turn.pauses,
            "seed": take.seed,
            "start_s": round(caption.start_s, 3),
            "end_s": round(caption.end_s, 3),
            "locked": index in dialogue.locked,
            "check": take.check,
        }
        for index, (take, caption) in enumerate(zip(dialogue.takes, dialogue.captions, strict=True))
    ]


def _voice(voice: Voice) -> dict[str, Any]:
    """All that is known of a voice but its sound: name, licence and consent, too."""
    values = {each.name: getattr(voice, each.name) for each in dataclasses.fields(voice)}
    return {name: value for name, value in values.items() if not isinstance(value, Tensor)}


def _plain(value: Any) -> Any:
    """Values as JSON has them; what is no finite number is null."""
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)
