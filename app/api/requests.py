"""Requests of the HTTP API → what a pipeline is to speak, and in which form to send it."""

import json
import re
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic import model_validator as validator

from app.api.encoding import MediaFormat, offered_formats
from app.api.errors import ApiError
from app.backend.checks import MAX_RETAKES, MAX_SEED, roll_seed
from app.backend.cost import expected_seconds
from app.backend.pipeline_pool import PipelinePool
from app.settings import ServiceConfig
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script, ScriptSource
from pipeline.script_to_turns.speaker_markers import escape
from pipeline.voices.casting import WantedVoice

_LIMITS = LimitsConfig()
_SENTENCE_END = re.compile(r"(?<=[.!?…;:])\s+|\s+(?=—)")


def _not_blank(words: str) -> str:
    if not words.strip():
        raise ValueError("blank")
    return words


def _whole(value: Any) -> Any:
    """3.0 is a whole number, too: JSON knows one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _name_in(voice: Any) -> Any:
    """Clients send a voice as {"id": name}, too."""
    return voice.get("id") if isinstance(voice, dict) else voice


_AS_WORDS, _SEEDS = "there, as words", f"a whole number from 0 to {MAX_SEED}"
Words = Annotated[str, AfterValidator(_not_blank), Field(description=_AS_WORDS)]
Whole = Annotated[int, BeforeValidator(_whole)]
Seed = Annotated[Whole, Field(ge=0, le=MAX_SEED, description=_SEEDS)]


class ApiRequest(BaseModel):
    """The fields of a request: no others, nothing converted, and null is like left out."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)

    @validator(mode="before")
    @classmethod
    def _without_nulls(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {
            name: value
            for name, value in values.items()
            if value is not None or name not in cls.model_fields
        }


class SpeechRequest(ApiRequest):
    """One voice is to say plain words."""

    model: Words
    input: Words
    voice: Annotated[str, BeforeValidator(_name_in), Field(description="there, as a name")]
    response_format: MediaFormat = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0, description="a number from 0.25 to 4")
    instructions: Any = None
    stream_format: Literal["audio", "sse"] = "audio"
    seed: Seed = Field(default_factory=roll_seed)


class TurnRecord(ApiRequest):
    """A turn; what is in it is for the reader of scripts to judge."""

    speaker: Any = None
    text: Any = None
    pace: Any = None
    gap: Any = None


class DialogueRequest(ApiRequest):
    """A script is to be spoken."""

    model: Words | None = Field(None, description=_AS_WORDS)
    script: Words | None = Field(None, description=_AS_WORDS)
    turns: list[TurnRecord] | None = Field(None, description="a list of objects")
    voices: dict[str, str | None] = Field(
        default_factory=dict, description='an object such as {"S1": "anna"}'
    )
    seed: Seed = Field(default_factory=roll_seed)
    retakes: Whole = Field(
        0, ge=0, le=MAX_RETAKES, description=f"a whole number from 0 to {MAX_RETAKES}"
    )
    response_format: MediaFormat = "mp3"
    captions: Literal["none", "srt", "vtt", "json"] = "none"
    response: Literal["audio", "json"] = "audio"


RequestT = TypeVar("RequestT", bound=ApiRequest)


def read_request(kind: type[RequestT], body: bytes) -> RequestT:
    """The fields of one request.

    Args:
        kind: which request.
        body: JSON as it was sent.

    Raises:
        ApiError: 400, naming the field that is unknown, missing or of another form.
    """
    try:
        return kind.model_validate(json.loads(body))
    except ValidationError as error:
        unknown_first = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
        raise _refusal(kind, unknown_first[0]["loc"], unknown_first[0]["type"]) from error
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "the body is not JSON; send an object such as {}") from error


def _refusal(kind: type[ApiRequest], loc: tuple[int | str, ...], error_type: str) -> ApiError:
    """What pydantic found, as clients made for OpenAI's understand it."""
    if not loc:
        return ApiError(400, "the body must be a JSON object, such as {}")
    field, param = str(loc[0]), ".".join(str(part)[:40] for part in loc)
    if error_type == "extra_forbidden":
        where, known = "", kind.model_fields
        if field == "turns":
            where, known = f"turn {int(loc[1]) + 1}: ", TurnRecord.model_fields
        message = f"{where}there is no field {str(loc[-1])[:40]!r}; there are {', '.join(known)}"
        return ApiError(400, message, param=param, code="unknown_parameter")
    if field == "voices" and len(loc) > 1:
        return ApiError(400, "a voice is a name or null", param=param, code="invalid_value")
    wanted = kind.model_fields[field]
    choices = typing.get_args(wanted.annotation)
    what = wanted.description or f"one of {', '.join(map(str, choices))}"
    return ApiError(400, f"{field} must be {what}", param=param, code="invalid_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOrder:
    """What one request asks for.

    Attributes:
        script: to be spoken.
        voices: speaker to what the pipeline is given.
        seed: of the script.
        retakes: most of them.
        sound_format: out of `MEDIA_TYPES`.
        captions: a caption format, or "none".
        form: "audio"; "json": one object with everything; "sse": sound as events.
        ignored: fields that have no effect here.
        expected_s: about how long it takes.
    """

    script: Script
    voices: Mapping[str, WantedVoice]
    seed: int
    retakes: int = 0
    sound_format: MediaFormat
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
    asked = read_request(SpeechRequest, body)
    _check_model(asked.model, config)
    _check_pace(asked.speed)
    _check_length("input", len(asked.input), config)
    options = "" if asked.speed == 1.0 else f" pace={asked.speed:g}"
    turns = split_into_turns(asked.input, _LIMITS.max_turn_characters)
    script = pool.shared.parse("".join(f"[S1{options}] {escape(turn)}\n" for turn in turns))
    return ApiOrder(
        script=script,
        voices={"S1": _find_voice(pool, asked.voice, "voice")},
        seed=asked.seed,
        sound_format=_check_format(asked.response_format),
        form=asked.stream_format,
        ignored=() if asked.instructions is None else ("instructions",),
        expected_s=expected_seconds(pool, script),
    )


def read_dialogue(pool: PipelinePool, config: ServiceConfig, body: bytes) -> ApiOrder:
    """A request for a script to be spoken.

    Raises:
        ApiError: naming the field that cannot work.
        ScriptError: if the script cannot be read or spoken.
    """
    asked = read_request(DialogueRequest, body)
    if asked.model is not None:
        _check_model(asked.model, config)
    source: ScriptSource
    if asked.script is not None and asked.turns is None:
        source = asked.script
        _check_length("script", len(source), config)
    elif asked.turns is not None and asked.script is None:
        source = [turn.model_dump(exclude_none=True) for turn in asked.turns]
        _check_length("turns", sum(len(str(turn)) for turn in source), config)
    else:
        raise _misfit("script", "give either script or turns")
    if asked.captions != "none" and asked.response == "audio":
        raise _misfit("captions", 'captions come with "response": "json" only')
    script = pool.shared.parse(source)
    return ApiOrder(
        script=script,
        voices=_voices(pool, script, asked.voices),
        seed=asked.seed,
        retakes=asked.retakes,
        sound_format=_check_format(asked.response_format),
        captions=asked.captions,
        form=asked.response,
        expected_s=expected_seconds(pool, script),
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


def _check_pace(speed: float) -> None:
    if not _LIMITS.min_pace <= speed <= _LIMITS.max_pace:
        raise _misfit(
            "speed",
            f"speed {speed:g} is beyond these voices; they speak at {_LIMITS.min_pace:g} to "
            f"{_LIMITS.max_pace:g} times their own pace",
        )


def _check_format(wanted: MediaFormat) -> MediaFormat:
    if wanted not in offered_formats():
        offered = ", ".join(offered_formats())
        raise _misfit("response_format", f"{wanted} cannot be made here; what can: {offered}")
    return wanted


def _misfit(param: str, message: str) -> ApiError:
    return ApiError(400, message, param=param, code="invalid_value")


def _voices(
    pool: PipelinePool, script: Script, wanted: Mapping[str, str | None]
) -> dict[str, WantedVoice]:
    voices: dict[str, WantedVoice] = {}
    for name, voice in wanted.items():
        speaker, param = _canonical(name, script), f"voices.{name[:40]}"
        if speaker in voices:
            raise _misfit(param, f"{speaker} is given two voices")
        voices[speaker] = None if voice is None else _find_voice(pool, voice, param)
    return voices


def _canonical(name: str, script: Script) -> str:
    for speaker, shown in script.speaker_names.items():
        if name.casefold() in (speaker.casefold(), shown.casefold()):
            return speaker
    raise _misfit(
        "voices",
        f"a voice was given for {name[:40]!r}, who is not in the script; its speakers are "
        f"{_listed(list(script.speaker_names.values()))}",
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
