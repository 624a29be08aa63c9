"""Requests of the HTTP API → what the pool is to speak, and in which form to send it."""

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.api.encoding import MEDIA_TYPES, offered_formats
from app.api.errors import ApiError
from app.backend.checks import MAX_RETAKES, MAX_SEED, roll_seed
from app.backend.cost import expected_seconds
from app.backend.pipeline_pool import PipelinePool
from app.export.files import CAPTION_FORMATS
from app.settings import ServiceConfig
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script
from pipeline.script_to_turns.speaker_markers import escape
from pipeline.voices.casting import WantedVoice


class Fields:
    """The fields of one request.

    Args:
        body: JSON as it was sent.
        known: names of all fields there are.

    Raises:
        ApiError: 400, if the body is no JSON object or has other fields.
    """

    def __init__(self, body: bytes, known: Collection[str]) -> None:
        try:
            values = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ApiError(400, "the body is not JSON; send an object such as {}") from error
        if not isinstance(values, dict):
            raise ApiError(400, "the body must be a JSON object, such as {}")
        for name in values:
            if name not in known:
                raise ApiError(
                    400,
                    f"there is no field {name[:40]!r}; there are {', '.join(known)}",
                    param=name[:40],
                    code="unknown_parameter",
                )
        self.values: dict[str, Any] = values

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        """Words that must be there.

        Raises:
            ApiError: 400, if they are not.
        """
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise _misfit(name, "must be there, as words")
        return value

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """One of a few words.

        Raises:
            ApiError: 400, if it is another.
        """
        value = self.values[name] if self.has(name) else default
        if not isinstance(value, str) or value not in choices:
            raise _misfit(name, f"must be one of {', '.join(choices)}")
        return value

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """A number between two others.

        Raises:
            ApiError: 400, if it is something else.
        """
        value = self.values[name] if self.has(name) else default
        if not _is_number(value) or not low <= value <= high:
            raise _misfit(name, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def whole_number(self, name: str, most: int, default: int) -> int:
        """A whole number from 0.

        Raises:
            ApiError: 400, if it is something else.
        """
        value = self.values[name] if self.has(name) else default
        if not _is_number(value) or value != int(value) or not 0 <= value <= most:
            raise _misfit(name, f"must be a whole number from 0 to {most}")
        return int(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _misfit(name: str, what: str) -> ApiError:
    return ApiError(400, f"{name} {what}", param=name, code="invalid_value")


_SPEECH_FIELDS = (
    "model",
    "input",
    "voice",
    "response_format",
    "speed",
    "instructions",
    "stream_format",
    "seed",
)
_DIALOGUE_FIELDS = (
    "model",
    "script",
    "turns",
    "voices",
    "seed",
    "retakes",
    "response_format",
    "captions",
    "response",
)
_TURN_FIELDS = ("speaker", "text", "pace", "gap")
_OPENAI_SPEEDS = (0.25, 4.0)
_SENTENCE_END = re.compile(r"(?<=[.!?…;:])\s+|\s+(?=—)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOrder:
    """What one request asks for.

    Attributes:
        script: to be spoken.
        voices: speaker to what the pipeline is given.
        names: speaker to the name in the script.
        seed: of the script.
        retakes: most of them.
        sound_format: out of `MEDIA_TYPES`.
        captions: a caption format, or "none".
        form: "audio"; "json": one object with everything; "sse": sound as events.
        ignored: fields that have no effect here.
        expected_s: about how long it takes.
    """

    script: str
    voices: Mapping[str, WantedVoice]
    names: Mapping[str, str]
    seed: int
    retakes: int = 0
    sound_format: str
    captions: str = "none"
    form: str = "audio"
    ignored: tuple[str, ...] = ()
    expected_s: float = 0.0


def model_ids(config: ServiceConfig) -> tuple[str, str]:
    """By which names clients may call the model."""
    return "colloquy", f"colloquy-{Path(config.model).name}"


def read_speech(pool: PipelinePool, config: ServiceConfig, body: bytes) -> ApiOrder:
    """A request for one voice to say plain words.

    Raises:
        ApiError: naming the field that cannot work.
        ScriptError: if the words cannot be spoken.
    """
    fields = Fields(body, _SPEECH_FIELDS)
    _check_model(fields.text("model"), config)
    words, pace = fields.text("input"), _pace(fields)
    _check_length("input", len(words), config)
    voice = fields.values.get("voice")
    if isinstance(voice, dict):
        voice = voice.get("id")
    if not isinstance(voice, str):
        raise ApiError(400, "voice must be there, as a name", param="voice", code="invalid_value")
    options = "" if pace == 1.0 else f" pace={pace:g}"
    turns = split_into_turns(words, LimitsConfig().max_turn_characters)
    script = "".join(f"[S1{options}] {escape(turn)}\n" for turn in turns)
    read = pool.shared.parse(script)
    return ApiOrder(
        script=script,
        voices={"S1": _find_voice(pool, voice, "voice")},
        names=read.speaker_names,
        seed=_seed(fields),
        sound_format=_sound_format(fields),
        form=fields.choice("stream_format", ("audio", "sse"), "audio"),
        ignored=("instructions",) if fields.has("instructions") else (),
        expected_s=expected_seconds(pool, read),
    )


def read_dialogue(pool: PipelinePool, config: ServiceConfig, body: bytes) -> ApiOrder:
    """A request for a script to be spoken.

    Raises:
        ApiError: naming the field that cannot work.
        ScriptError: if the script cannot be read or spoken.
    """
    fields = Fields(body, _DIALOGUE_FIELDS)
    if fields.has("model"):
        _check_model(fields.text("model"), config)
    if fields.has("script") == fields.has("turns"):
        raise ApiError(400, "give either script or turns", param="script", code="invalid_value")
    script = fields.text("script") if fields.has("script") else _turns(fields.values["turns"])
    _check_length("script", len(script), config)
    form = fields.choice("response", ("audio", "json"), "audio")
    captions = fields.choice("captions", ("none", *CAPTION_FORMATS), "none")
    if captions != "none" and form == "audio":
        raise ApiError(
            400,
            'captions come with "response": "json" only',
            param="captions",
            code="invalid_value",
        )
    read = pool.shared.parse(script)
    return ApiOrder(
        script=script,
        voices=_voices(pool, read, fields.values.get("voices")),
        names=read.speaker_names,
        seed=_seed(fields),
        retakes=fields.whole_number("retakes", MAX_RETAKES, 0),
        sound_format=_sound_format(fields),
        captions=captions,
        form=form,
        expected_s=expected_seconds(pool, read),
    )


def split_into_turns(words: str, most: int) -> list[str]:
    """Plain words in pieces as long as a turn may be, cut between sentences where there are any.

    Args:
        words: not blank; line ends and spaces count as one space.
        most: characters of a piece.
    """
    plain = re.sub(r"[ \t\r\n]+", " ", words).strip(" ")
    pieces: list[str] = []
    for sentence in _SENTENCE_END.split(plain):
        for part in _cut(sentence, most):
            if pieces and len(pieces[-1]) + 1 + len(part) <= most:
                pieces[-1] += f" {part}"
            else:
                pieces.append(part)
    return pieces


def _cut(sentence: str, most: int) -> list[str]:
    parts = []
    while len(sentence) > most:
        space = sentence.rfind(" ", 1, most + 1)
        end = space if space > 0 else most
        parts.append(sentence[:end])
        sentence = sentence[end:].lstrip(" ")
    return [*parts, sentence] if sentence else parts


def _check_model(model: str, config: ServiceConfig) -> None:
    if model not in model_ids(config):
        raise ApiError(
            404,
            f"there is no model {model[:80]!r}; there is {model_ids(config)[0]!r}",
            param="model",
            code="model_not_found",
        )


def _check_length(name: str, n_characters: int, config: ServiceConfig) -> None:
    if n_characters > config.max_script_characters:
        raise ApiError(
            400,
            f"{name} has {n_characters} characters, at most {config.max_script_characters} are "
            "accepted; make several requests of it",
            param=name,
            code="string_above_max_length",
        )


def _pace(fields: Fields) -> float:
    limits = LimitsConfig()
    speed = fields.number("speed", *_OPENAI_SPEEDS, 1.0)
    if not limits.min_pace <= speed <= limits.max_pace:
        raise ApiError(
            400,
            f"speed {speed:g} is beyond these voices; they speak at {limits.min_pace:g} to "
            f"{limits.max_pace:g} times their own pace",
            param="speed",
            code="invalid_value",
        )
    return speed


def _seed(fields: Fields) -> int:
    return fields.whole_number("seed", MAX_SEED, roll_seed())


def _sound_format(fields: Fields) -> str:
    wanted = fields.choice("response_format", MEDIA_TYPES, "mp3")
    if wanted not in offered_formats():
        raise ApiError(
            400,
            f"{wanted} cannot be made here; what can: {', '.join(offered_formats())}",
            param="response_format",
            code="invalid_value",
        )
    return wanted


def _turns(turns: Any) -> str:
    """Records as the JSON text that the pipeline reads like a list."""
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise ApiError(400, "turns must be a list of objects", param="turns", code="invalid_value")
    for number, turn in enumerate(turns, start=1):
        for name in turn:
            if name not in _TURN_FIELDS:
                raise ApiError(
                    400,
                    f"turn {number}: there is no field {name[:40]!r}; there are "
                    f"{', '.join(_TURN_FIELDS)}",
                    param="turns",
                    code="unknown_parameter",
                )
    records = [{name: value for name, value in turn.items() if value is not None} for turn in turns]
    return json.dumps(records, ensure_ascii=False)


def _voices(pool: PipelinePool, script: Script, wanted: Any) -> dict[str, WantedVoice]:
    if wanted is None:
        return {}
    if not isinstance(wanted, dict):
        raise ApiError(
            400,
            'voices must be an object such as {"S1": "anna"}',
            param="voices",
            code="invalid_value",
        )
    voices: dict[str, WantedVoice] = {}
    for name, voice in wanted.items():
        speaker, param = _canonical(name, script), f"voices.{name[:40]}"
        if speaker in voices:
            raise ApiError(400, f"{speaker} is given two voices", param=param, code="invalid_value")
        if voice is not None and not isinstance(voice, str):
            raise ApiError(400, "a voice is a name or null", param=param, code="invalid_value")
        voices[speaker] = None if voice is None else _find_voice(pool, voice, param)
    return voices


def _canonical(name: str, script: Script) -> str:
    for speaker, shown in script.speaker_names.items():
        if name.casefold() in (speaker.casefold(), shown.casefold()):
            return speaker
    raise ApiError(
        400,
        f"a voice was given for {name[:40]!r}, who is not in the script; its speakers are "
        f"{_listed(list(script.speaker_names.values()))}",
        param="voices",
        code="invalid_value",
    )


def _find_voice(pool: PipelinePool, name: str, param: str) -> WantedVoice:
    """By name only: the pipeline would take a path for a file to read."""
    if name not in pool.voice_names():
        raise ApiError(
            404,
            f"there is no voice {name[:80]!r}; there are {_listed(pool.voice_names())}",
            param=param,
            code="voice_not_found",
        )
    return pool.find_voice(name)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
