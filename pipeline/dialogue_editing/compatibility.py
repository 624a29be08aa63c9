"""Whether weights can make parts of a dialogue anew that came from somewhere else."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from pipeline.config.limits import MAX_SPEAKERS
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.note import Note
from pipeline.datatypes.take import Take
from pipeline.datatypes.voice import Voice
from pipeline.errors import ConfigError, VoiceError
from pipeline.runtime.models import Models
from pipeline.synthesis.assembly import check_parts

OTHER_WEIGHTS = Note(kind="other weights")


def check_fit(dialogue: Dialogue, models: Models) -> None:
    """Refuse a dialogue whose ids, codes, rates or voices these weights cannot read.

    Raises:
        ConfigError: naming the first turn that does not fit.
        VoiceError: naming the first voice that does not fit, or is missing.
    """
    check_parts(dialogue)
    for voice in dialogue.voices.values():
        _check_voice(voice, models)
    for index, take in enumerate(dialogue.takes):
        _check_take(index, take, dialogue.voices, models)


def note_weights(dialogue: Dialogue, models: Models) -> Dialogue:
    """The dialogue with a note if it was made with other weights; unchanged if not, or unknown."""
    if not dialogue.weights or OTHER_WEIGHTS in dialogue.notes:
        return dialogue
    if dialogue.weights == models.fingerprint:
        return dialogue
    return replace(dialogue, notes=(*dialogue.notes, OTHER_WEIGHTS))


def _check_voice(voice: Voice, models: Models) -> None:
    storm, name = models.soundstorm.config, f"voice {voice.name!r}"
    if voice.codec_id != models.codec.identity:
        raise VoiceError(f"{name} was made with another codec; make it again from its recording")
    n_ids, n_frames = voice.semantic_ids.numel(), voice.codes.shape[-1]
    if n_ids == 0 or n_frames < storm.frames_per_semantic:
        raise VoiceError(f"{name} holds no sound; make it again from its recording")
    wrong = _wrong_ids(voice.semantic_ids, storm.n_semantic) or _wrong_codes(voice.codes, models)
    if wrong:
        raise VoiceError(f"{name} {wrong}; make it again from its recording")


def _check_take(index: int, take: Take, voices: Mapping[str, Voice], models: Models) -> None:
    storm, codec = models.soundstorm.config, models.codec
    semantic, acoustic = take.semantic, take.acoustic
    speaker, where = take.turn.speaker, f"turn {index + 1}"
    works = "use the weights it was made with"
    if speaker not in {f"S{number + 1}" for number in range(MAX_SPEAKERS)}:
        raise ConfigError(f"{where} is spoken by {speaker!r}; speakers are S1 to S{MAX_SPEAKERS}")
    if {semantic.speaker, acoustic.speaker} != {speaker}:
        raise ConfigError(f"{where} is spoken by {speaker}, and its ids or codes by someone else")
    if speaker not in voices:
        raise VoiceError(f"{where} is spoken by {speaker}, who has no voice; give {speaker} one")
    rates = (
        semantic.rate_hz * storm.frames_per_semantic,
        acoustic.frame_rate_hz,
        take.cut.sound.sample_rate_hz,
    )
    known = (codec.frame_rate_hz, codec.frame_rate_hz, codec.sample_rate_hz)
    if rates != known:
        raise ConfigError(
            f"{where} has {rates[0]:g} and {rates[1]:g} frames and {rates[2]} samples a second, "
            f"and these weights make {known[1]:g} and {known[2]}; {works}"
        )
    n_ids, n_frames = semantic.semantic_ids.numel(), acoustic.codes.shape[-1]
    if n_ids == 0 or n_frames != n_ids * storm.frames_per_semantic:
        raise ConfigError(
            f"{where} has {n_frames} frames for {n_ids} semantic ids, and these weights make "
            f"{storm.frames_per_semantic} for each; {works}"
        )
    wrong = _wrong_ids(semantic.semantic_ids, storm.n_semantic)
    wrong = wrong or _wrong_codes(acoustic.codes, models)
    if wrong:
        raise ConfigError(f"{where} {wrong}; {works}")


def _wrong_ids(ids: Tensor, n_ids: int) -> str:
    """What is wrong with semantic ids; "": nothing."""
    if ids.dtype != torch.int64 or ids.ndim != 1:
        return f"has semantic ids of {ids.dtype} with {ids.ndim} axes, not int64 with one"
    if int(ids.min()) < 0 or int(ids.max()) >= n_ids:
        return f"has semantic ids outside [0, {n_ids})"
    return ""


def _wrong_codes(codes: Tensor, models: Models) -> str:
    """What is wrong with codes; "": nothing."""
    n_levels, n_codes = models.codec.n_levels, models.codec.n_codes
    if codes.dtype != torch.int64 or codes.ndim != 2 or codes.shape[0] != n_levels:
        shape = tuple(codes.shape)
        return f"has codes of {codes.dtype} with shape {shape}, not int64 with {n_levels} levels"
    if int(codes.min()) < 0 or int(codes.max()) >= n_codes:
        return f"has codes outside [0, {n_codes})"
    return ""
