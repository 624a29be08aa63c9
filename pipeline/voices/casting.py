"""Who speaks with which voice: what the caller asked for → one voice for every speaker."""

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Script
from pipeline.datatypes.voice import Voice, Voices
from pipeline.errors import VoiceError

WantedVoice = Voice | str | Path | None
"""A voice, a built-in one's name, a sound or voice file, or `None`: let the model make one up."""


def cast_voices(
    script: Script,
    wanted: Mapping[str, WantedVoice],
    built_in: Mapping[str, Voice],
    read: Callable[[Path], Voice],
) -> tuple[Voices, tuple[Note, ...]]:
    """Give every speaker of the script a voice.

    Speakers that are not in `wanted` get built-in voices in order, each a different one while there
    are any that nobody asked for.

    Args:
        script: its speakers are to be cast.
        wanted: speaker, by canonical name ("S1") or name in the script, to what was asked for.
        built_in: the voices that have a name.
        read: makes a voice of a file.

    Returns:
        A voice, or `None` for one to be made up, for each speaker in order of appearance; and notes
        on what was chosen here.

    Raises:
        VoiceError: if `wanted` names a speaker who is not in the script, or a voice that is neither
            built in nor a file.
    """
    speakers = list(dict.fromkeys(turn.speaker for turn in script.turns))
    asked = {_canonical_speaker(name, speakers, script): voice for name, voice in wanted.items()}
    known = {speaker: _find_voice(voice, built_in, read) for speaker, voice in asked.items()}
    taken = {voice.name for voice in known.values() if voice is not None}
    free = [name for name in built_in if name not in taken] or list(built_in)
    cast: dict[str, Voice | None] = {}
    notes = []
    for speaker in speakers:
        if speaker in known:
            cast[speaker] = known[speaker]
        elif free:
            name = free.pop(0)
            free = free or list(built_in)
            cast[speaker] = built_in[name]
            notes.append(Note(kind="voice chosen", values=(speaker, repr(name))))
        else:
            cast[speaker] = None
            notes.append(Note(kind="voice made up", values=(speaker,)))
    return cast, tuple(notes)


def _canonical_speaker(name: str, speakers: list[str], script: Script) -> str:
    for speaker in speakers:
        known_names = {speaker, script.speaker_names.get(speaker, speaker)}
        if name.casefold() in {known.casefold() for known in known_names}:
            return speaker
    existing = ", ".join(_with_name(speaker, script) for speaker in speakers)
    raise VoiceError(
        f"a voice was given for {name!r}, who is not in the script; its speakers are {existing}"
    )


def _with_name(speaker: str, script: Script) -> str:
    name = script.speaker_names.get(speaker, speaker)
    return speaker if name == speaker else f"{speaker} ({name})"


def _find_voice(
    wanted: WantedVoice, built_in: Mapping[str, Voice], read: Callable[[Path], Voice]
) -> Voice | None:
    if wanted is None or isinstance(wanted, Voice):
        return wanted
    if isinstance(wanted, str) and wanted in built_in:
        return built_in[wanted]
    path = Path(wanted)
    if path.is_file():
        return read(path)
    names = ", ".join(built_in) or "none"
    raise VoiceError(
        f"there is no voice {str(wanted)!r}; built-in voices: {names}; "
        "or give the path of a recording of 1 to 60 s"
    )
