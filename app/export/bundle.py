"""A finished dialogue as files to take away: mix, stereo, stems, turns, captions, project."""

import contextlib
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.backend.pipeline_pool import PipelinePool
from app.export.files import (
    CAPTION_FORMATS,
    FileWriter,
    caption_text,
    publish,
    sound_writer,
    text_writer,
)
from app.export.project_zip import ProjectContents, write_project
from app.export.settings_json import settings_to_json
from app.projects.project import Project
from app.projects.voice_choices import CLONED
from pipeline.audio.write import check_format
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.sound import Waveform
from pipeline.dialogue_editing.dialogue_file import save_dialogue
from pipeline.errors import AudioError, ConfigError
from pipeline.voices.voice_file import save_voice
from pipeline.waveform_to_dialogue.stereo import stereo_of

PARTS = ("mix", "stereo", "stems", "turns", "captions", "project")

PROJECT_NAME = "dialogue.zip"
SETTINGS_NAME = "dialogue.settings.json"

_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportChoice:
    """What is wanted.

    Attributes:
        parts: out of `PARTS`, at least one.
        sound_format: out of `available_formats`.

    Raises:
        ConfigError: if a part is unknown, or none is chosen.
    """

    parts: frozenset[str]
    sound_format: str = "wav"

    def __post_init__(self) -> None:
        unknown = sorted(self.parts - {*PARTS})
        if unknown or not self.parts:
            raise ConfigError(
                f"cannot export {', '.join(unknown) or 'nothing'}; choose among {', '.join(PARTS)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportContext:
    """What a dialogue does not know of how it came about.

    Attributes:
        text: the script as typed.
        conditions: weights, engine and device, as `DialoguePipeline.conditions` gives them.
        names: speaker ("S1") to the name shown; left out: those of the dialogue.
        form: for a project: what the form said, in values that JSON has.
        voice_files: for a project: speaker to the file of a voice that is not built in.
        write_dialogue: for a project: fills a file with the dialogue itself.
    """

    text: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    voice_files: Mapping[str, Path | bytes] = field(default_factory=dict)
    write_dialogue: FileWriter | None = None


def context_of_project(project: Project, pool: PipelinePool, folder: Path) -> ExportContext:
    """What an export tells of a visitor's project.

    Args:
        project: spoken.
        pool: knows the weights.
        folder: where files of the voices are put that are not built in.
    """
    dialogue = project.dialogue
    voice_files: dict[str, Path | bytes] = {}
    chosen = project.form.get("voices", {})
    for speaker, voice in dialogue.voices.items():
        if chosen.get(dialogue.speaker_names.get(speaker, speaker)) in CLONED:
            path = folder / f"{speaker}.safetensors"
            save_voice(path, voice)
            voice_files[speaker] = path

    def write_dialogue(path: Path) -> None:
        save_dialogue(path, dialogue, project.takes)

    return ExportContext(
        text=project.text,
        conditions=pool.shared.conditions(),
        form=project.form,
        voice_files=voice_files,
        write_dialogue=write_dialogue,
    )


def export_dialogue(
    dialogue: Dialogue, choice: ExportChoice, folder: Path, context: ExportContext
) -> list[Path]:
    """Write the chosen parts and the settings that made them; all appear at once, or none.

    "dialogue.wav", "dialogue.stereo.wav", "dialogue.S1-anna.wav" for a stem, "turns/001-S1.wav",
    "dialogue.srt", ".vtt" and ".json", "dialogue.settings.json", and "dialogue.zip", a project that
    holds all of these. Sounds end in their format's name. Other files in the folder are left alone.

    Args:
        dialogue: what was spoken.
        choice: parts and format.
        folder: where they go; made if missing.
        context: what else the settings and a project tell.

    Returns:
        The files, in the order above.

    Raises:
        AudioError: if the format cannot be written here, or the disk or folder refuses a file.
        ConfigError: if the dialogue or the context lacks what a part is made of.
        ProjectError: if the project cannot be kept, for example because it is too large.
    """
    check_format(choice.sound_format)
    made: dict[str, Path] = {}
    writers = {
        name: _remembering(name, write, made)
        for name, write in _Parts(dialogue, choice, context).writers().items()
    }
    if "project" in choice.parts:
        writers[PROJECT_NAME] = _project_writer(context, made)
    _publish(folder, writers)
    return [folder / name for name in writers]


class _Parts:
    """The chosen parts of one dialogue, each made when it is written."""

    def __init__(self, dialogue: Dialogue, choice: ExportChoice, context: ExportContext) -> None:
        self._dialogue, self._choice, self._context = dialogue, choice, context
        self._names = {**dialogue.speaker_names, **context.names}
        self._notes: list[str] = []

    def writers(self) -> dict[str, FileWriter]:
        """Name to the writer of each file; the settings come last, as they tell of the others."""
        parts, dialogue = self._choice.parts, self._dialogue
        writers: dict[str, FileWriter] = {}
        if "mix" in parts:
            writers[self._sound_name("dialogue")] = self._sound(dialogue.mix)
        if "stereo" in parts:
            writers[self._sound_name("dialogue.stereo")] = sound_writer(
                self._sides, self._choice.sound_format
            )
        if "stems" in parts:
            writers |= self._stems()
        if "turns" in parts:
            writers |= self._turns()
        if "captions" in parts:
            for name in CAPTION_FORMATS:
                text = caption_text(name, dialogue.captions, self._names)
                writers[f"dialogue.{name}"] = text_writer(text)
        writers[SETTINGS_NAME] = self._write_settings
        return writers

    def _sound_name(self, stem: str) -> str:
        return f"{stem}.{self._choice.sound_format}"

    def _sound(self, sound: Waveform) -> FileWriter:
        return sound_writer(lambda: [sound], self._choice.sound_format)

    def _sides(self) -> Sequence[Waveform]:
        placed = stereo_of(self._dialogue.stems)
        self._notes += placed.notes
        return [placed.left, placed.right]

    def _stems(self) -> dict[str, FileWriter]:
        def writer(speaker: str) -> FileWriter:
            return sound_writer(lambda: [self._dialogue.stems[speaker]], self._choice.sound_format)

        return {
            self._sound_name(f"dialogue.{_label(speaker, self._names)}"): writer(speaker)
            for speaker in self._dialogue.stems
        }

    def _turns(self) -> dict[str, FileWriter]:
        takes = self._dialogue.takes
        if not takes:
            raise ConfigError(
                "this dialogue does not hold the sounds of its turns; choose stems instead"
            )
        width = max(3, len(str(len(takes))))
        return {
            self._sound_name(f"turns/{number:0{width}}-{take.turn.speaker}"): self._sound(
                take.cut.sound
            )
            for number, take in enumerate(takes, start=1)
        }

    def _write_settings(self, path: Path) -> None:
        text = settings_to_json(
            self._dialogue,
            self._context.text,
            self._context.conditions,
            self._names,
            self._notes,
        )
        text_writer(text)(path)


def _label(speaker: str, names: Mapping[str, str]) -> str:
    """The speaker, with the name's letters and digits if it has any: "S1-anna"."""
    name = unicodedata.normalize("NFC", names.get(speaker, speaker)).lower()
    words = "".join(each if each.isalnum() else " " for each in name)[:_LONGEST_NAME].split()
    return "-".join([speaker, *words]) if words != [speaker.lower()] else speaker


def _remembering(name: str, write: FileWriter, made: dict[str, Path]) -> FileWriter:
    """A writer that leaves word where it has written."""

    def write_and_tell(path: Path) -> None:
        write(path)
        made[name] = path

    return write_and_tell


def _project_writer(context: ExportContext, made: Mapping[str, Path]) -> FileWriter:
    """A writer of a project that holds all files made before it."""
    write_dialogue = context.write_dialogue
    if write_dialogue is None:
        raise ConfigError("a project needs the file of the dialogue, and nothing here writes it")

    def write(path: Path) -> None:
        with tempfile.TemporaryDirectory(prefix=".colloquy.", dir=path.parent) as folder:
            file = Path(folder) / "dialogue.safetensors"
            write_dialogue(file)
            contents = ProjectContents(
                text=context.text,
                form=context.form,
                dialogue=file,
                voice_files=context.voice_files,
                extras=made,
            )
            write_project(path, contents)

    return write


def _publish(folder: Path, writers: Mapping[str, FileWriter]) -> None:
    """Write all or none; folders that were made for nothing are taken away again."""
    paths = {folder / name: write for name, write in writers.items()}
    folders = dict.fromkeys([folder, *(path.parent for path in paths)])
    missing = [each for each in folders if not each.exists()]
    try:
        for each in missing:
            each.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(
            f"the folder {error.filename} cannot be made ({error.strerror}); choose another"
        ) from error
    try:
        publish(paths)
    except BaseException:
        for each in reversed(missing):
            with contextlib.suppress(OSError):
                each.rmdir()
        raise
