"""A dialogue, with other takes of its turns ⇄ one safetensors file, so that work on it can go on.

Sounds are kept as float32, so that all comes back to the last bit; the mix is placed again from
them. A file may be anyone's: one that could not be worked on is refused with what is wrong.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from pipeline.config.limits import LimitsConfig, MixConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.note import note_of_words
from pipeline.datatypes.script import Turn
from pipeline.datatypes.take import Take
from pipeline.datatypes.voice import Voice
from pipeline.dialogue_editing.records import (
    MAX_SEED,
    SPEAKERS,
    take_from_record,
    take_to_record,
    voice_from_record,
    voice_to_record,
)
from pipeline.dialogue_editing.takes import check_fits, form_of
from pipeline.errors import CheckpointError, ConfigError, DialogueError, ScriptError
from pipeline.files.container import FileKind, group_tensors, load_sealed, save_sealed
from pipeline.files.schema import config_from_dict
from pipeline.script_to_turns.parse import script_to_turns, turns_to_script
from pipeline.synthesis.assembly import check_parts, place_takes
from pipeline.synthesis.options import SynthesisOptions
from pipeline.waveform_to_dialogue.place import GrowingMix

DIALOGUE_FILE = FileKind(
    noun="dialogue", number=1, remake="open another copy of it, or speak its script again"
)

MAX_TURNS = 25_000
"""More than the longest script has."""

MAX_MIX_S = 4 * 3600.0
"""Longest mix that is placed from a file; the longest script lasts about two hours."""

_MOST = {"batch_frames": 1_000_000, "max_rows": 10_000, "max_retakes": 1_000_000}
"""Largest numbers in options; all others: `_MOST_ELSE`."""
_MOST_ELSE = 1_000

_OTHER_STARTS = "its turns do not start where it says at the usual gaps"
_OTHER_MIX = "its mix is not that of its turns at the usual gaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDialogue:
    """What a file holds.

    Attributes:
        dialogue: nobody can make parts of it anew yet; see `DialoguePipeline.adopt`.
        takes: number of a turn, from 0, to takes of it that were kept beside the one heard.
        metadata: what was stored with it, as it was given.
    """

    dialogue: Dialogue
    takes: Mapping[int, tuple[Take, ...]] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _DialogueRecord:
    """The JSON of a dialogue file; tensors are named "turn 0 sound", "take 0 1 sound"."""

    turns: tuple[Any, ...]
    takes: Mapping[str, tuple[Any, ...]]
    voices: Mapping[str, Any]
    starts: tuple[int, ...]
    seed: int
    notes: tuple[str, ...]
    stage_seconds: Mapping[str, float]
    speaker_names: Mapping[str, str]
    locked: tuple[int, ...]
    options: SynthesisOptions | None
    weights: str
    metadata: Mapping[str, str]


def save_dialogue(
    path: str | Path,
    dialogue: Dialogue,
    takes: Mapping[int, Sequence[Take]] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a dialogue to one file, in one step.

    Args:
        path: its name.
        dialogue: as a pipeline made it.
        takes: number of a turn, from 0, to other takes of it.
        metadata: anything else to be kept, such as a title.

    Raises:
        ConfigError: if the dialogue does not hold how its turns were made, or could not be read
            again, saying why; nothing is written then.
        AudioError: if the disk or folder refuses the file.
    """
    path = Path(path)
    check_parts(dialogue)
    values, tensors = _to_record(dialogue, takes or {}, metadata or {})
    try:
        _read(values, tensors)
        _check_mix(dialogue)
    except DialogueError as error:
        raise ConfigError(
            f"{path} is not written, for it could not be read again ({error}); save a dialogue as "
            "the pipeline made it"
        ) from error
    save_sealed(path, DIALOGUE_FILE, values, tensors)


def load_dialogue(path: str | Path) -> StoredDialogue:
    """Read what `save_dialogue` wrote, or what anyone says it did.

    Raises:
        CheckpointError: if the file is missing, damaged, of another or a newer format, or holds
            what could not be worked on; it says what, and what works.
    """
    path = Path(path)
    values, tensors = load_sealed(path, DIALOGUE_FILE)
    try:
        return _placed(_read(values, tensors))
    except DialogueError as error:
        raise CheckpointError(
            f"{path} is damaged or no dialogue ({error}); {DIALOGUE_FILE.remake}"
        ) from error


def _to_record(
    dialogue: Dialogue, takes: Mapping[int, Sequence[Take]], metadata: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    tensors: dict[str, Tensor] = {}

    def keep(name: str, values: Any, own: Mapping[str, Tensor]) -> Any:
        tensors.update({f"{name} {each}": tensor for each, tensor in own.items()})
        return values

    weights = dialogue.weights
    if not weights and dialogue.redoer is not None:
        weights = dialogue.redoer.conditions().get("weights", "")
    record = _DialogueRecord(
        turns=tuple(
            keep(f"turn {index}", *take_to_record(take))
            for index, take in enumerate(dialogue.takes)
        ),
        takes={
            str(index): tuple(
                keep(f"take {index} {number}", *take_to_record(take))
                for number, take in enumerate(others)
            )
            for index, others in takes.items()
        },
        voices={
            speaker: keep(f"voice {speaker}", *voice_to_record(voice))
            for speaker, voice in dialogue.voices.items()
        },
        starts=dialogue.starts,
        seed=dialogue.seed,
        notes=tuple(map(str, dialogue.notes)),
        stage_seconds=dict(dialogue.stage_seconds),
        speaker_names=dict(dialogue.speaker_names),
        locked=tuple(sorted(dialogue.locked)),
        options=dialogue.options,
        weights=weights,
        metadata=dict(metadata),
    )
    return dataclasses.asdict(record), tensors


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a dialogue is made of, read and checked, but not placed."""

    record: _DialogueRecord
    heard: tuple[Take, ...]
    voices: Mapping[str, Voice]
    others: Mapping[int, tuple[Take, ...]]


def _read(values: Any, tensors: Mapping[str, Tensor]) -> _Parts:
    record = config_from_dict(_DialogueRecord, values, "dialogue")
    groups = group_tensors(tensors)

    def take(group: str, each: Any, where: str) -> Take:
        read = take_from_record(each, groups.pop(group, {}), where)
        _check_words(read.turn, where)
        return read

    if not 1 <= len(record.turns) <= MAX_TURNS:
        raise ConfigError(f"it has {len(record.turns)} turns, not 1 to {MAX_TURNS}")
    heard = tuple(
        take(f"turn {index}", each, f"turn {index + 1}") for index, each in enumerate(record.turns)
    )
    voices = {
        speaker: voice_from_record(each, groups.pop(f"voice {speaker}", {}), f"voice {speaker}")
        for speaker, each in record.voices.items()
    }
    _check_whole(record, heard, voices)
    others = {}
    for name, stored in record.takes.items():
        index = _turn_number(name, len(heard))
        others[index] = tuple(
            take(f"take {index} {number}", each, f"take {number + 1} of turn {index + 1}")
            for number, each in enumerate(stored)
        )
        for other in others[index]:
            check_fits(heard[index], other, index)
    if groups:
        raise ConfigError(f"nothing in it needs {sorted(groups)[0]!r}")
    return _Parts(record=record, heard=heard, voices=voices, others=others)


def _placed(parts: _Parts) -> StoredDialogue:
    record = parts.record
    placed = place_takes(parts.heard, parts.voices, MixConfig(), record.seed, record.speaker_names)
    if placed.starts != record.starts:
        raise ConfigError(_OTHER_STARTS)
    dialogue = replace(
        placed,
        notes=tuple(map(note_of_words, record.notes)),
        stage_seconds=record.stage_seconds,
        locked=frozenset(record.locked),
        options=record.options,
        weights=record.weights,
    )
    return StoredDialogue(dialogue=dialogue, takes=parts.others, metadata=record.metadata)


def _check_mix(dialogue: Dialogue) -> None:
    """A mix is read as that of its turns: refuse another one, stretch by stretch."""
    growing = GrowingMix(MixConfig(), dialogue.mix.sample_rate_hz)
    following = [*dialogue.turns[1:], None]
    n_known = 0
    for take, start, after in zip(dialogue.takes, dialogue.starts, following, strict=True):
        placed = growing.add(take.cut, take.turn, after)
        if placed.start != start:
            raise ConfigError(_OTHER_STARTS)
        stretch = placed.mix.samples
        kept = dialogue.mix.samples[n_known : n_known + len(stretch)]
        if not np.array_equal(kept, stretch):
            raise ConfigError(_OTHER_MIX)
        n_known += len(stretch)
    if n_known != len(dialogue.mix.samples):
        raise ConfigError(_OTHER_MIX)


def _check_whole(
    record: _DialogueRecord, heard: Sequence[Take], voices: Mapping[str, Voice]
) -> None:
    """What turns, voices and numbers have to do with each other."""
    if unknown := sorted({*voices, *record.speaker_names} - {*SPEAKERS}):
        raise ConfigError(f"it knows a speaker {unknown[0][:40]!r}; there are {SPEAKERS}")
    if len({form_of(each) for each in heard}) != 1:
        raise ConfigError("its turns differ in rates or codebook levels")
    codecs = {(each.codec_id, each.codes.shape[0]) for each in voices.values()}
    if len(codecs) != 1 or codecs.pop()[1] != heard[0].acoustic.codes.shape[0]:
        raise ConfigError("its voices are not all there, or not of the codec of its turns")
    for index, each in enumerate(heard):
        _check_heard(index, each, voices)
    if not {*record.locked} <= {*range(len(heard))}:
        raise ConfigError("a turn is locked that does not exist")
    if abs(record.seed) >= MAX_SEED:
        raise ConfigError("the seed is not below 2**63")
    length_s = sum(_longest_s(each) for each in heard)
    if length_s > MAX_MIX_S:
        raise ConfigError(f"it lasts up to {length_s:.0f} s, and at most {MAX_MIX_S:g} can be kept")
    if record.options is not None:
        _check_options(dataclasses.asdict(record.options))


def _check_heard(index: int, take: Take, voices: Mapping[str, Voice]) -> None:
    if take.turn.speaker not in voices:
        raise ConfigError(f"turn {index + 1}: a voice is missing")
    if take.check is not None and take.check.turn != index:
        raise ConfigError(f"turn {index + 1}: its check is of another turn")


def _longest_s(take: Take) -> float:
    cut, gap_s = take.cut, MixConfig().default_gap_s if take.turn.gap_s is None else take.turn.gap_s
    n_samples = len(cut.sound.samples) + cut.lead + cut.tail
    return n_samples / cut.sound.sample_rate_hz + max(gap_s, 0.0)


def _check_words(turn: Turn, where: str) -> None:
    """A turn is one that a script can say: all that is read of turns later is known to be sound."""
    try:
        (read,) = script_to_turns(turns_to_script([turn]), LimitsConfig()).turns
    except (ScriptError, ValueError) as error:
        raise ConfigError(f"{where}: its words cannot be spoken ({error})") from error
    if read != replace(turn, line=1):
        raise ConfigError(f"{where}: its words, marks and pace contradict each other")


def _check_options(values: Mapping[str, Any]) -> None:
    """Refuse options that would take forever, or all memory."""
    for name, value in values.items():
        if isinstance(value, dict):
            _check_options(value)
        elif isinstance(value, (int, float)) and not 0 <= value <= _MOST.get(name, _MOST_ELSE):
            most = _MOST.get(name, _MOST_ELSE)
            raise ConfigError(f"options: {name} is not 0 to {most}")


def _turn_number(name: str, n_turns: int) -> int:
    number = int(name) if re.fullmatch("[0-9]{1,6}", name) else n_turns
    if number >= n_turns or str(number) != name:
        raise ConfigError(f"it holds takes of turn {name[:20]!r}, which does not exist")
    return number
