"""A project ⇄ one zip: the script and form as typed, the dialogue, its voices, and its sounds.

    project.json            format, text, form, and which of the files below belong to it
    dialogue.safetensors    of `pipeline.dialogue_editing.dialogue_file`; here only bytes
    voices/S1.safetensors   a voice that is not built in
    dialogue.wav, …         extra files for people; never read back

Read as a stranger's: every limit is judged by what comes out of the file, not by what its header
says. Nothing is unpacked under a name that the zip chose.
"""

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from app.export.zip_reader import (
    DIALOGUE,
    MANIFEST,
    SPEAKERS,
    MemberReader,
    ProjectError,
    ProjectLimits,
    check_plain_name,
    voice_member,
)
from pipeline.audio.formats import SYNTHETIC_COMMENT
from pipeline.files.atomic import write_atomically

__all__ = ["ProjectContents", "ProjectError", "ProjectLimits", "read_project", "write_project"]

PROJECT_KIND = "colloquy project"
PROJECT_FORMAT = 1

_KEYS = {"kind", "format", "about", "text", "form", "files"}
_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every member: the same project is the same bytes, whenever it is written."""

_COMPRESSED = {".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".zip", ".safetensors"}
"""Stored as they are; deflate would take long and gain little."""

Source = Path | bytes
"""A file, or what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectContents:
    """What a project is made of.

    Attributes:
        text: the script as typed.
        form: seed, retakes, voice choices, names: values that JSON has, lists and objects of them.
        dialogue: the file of the finished dialogue; `None`: nothing was spoken yet.
        voice_files: speaker ("S1") to the file that `save_voice` wrote, for voices that are not
            built in.
        extras: name within the zip to a file for people; empty in what was read.
    """

    text: str
    form: Mapping[str, Any] = field(default_factory=dict)
    dialogue: Source | None = None
    voice_files: Mapping[str, Source] = field(default_factory=dict)
    extras: Mapping[str, Source] = field(default_factory=dict)


def write_project(
    path: Path, project: ProjectContents, limits: ProjectLimits | None = None
) -> None:
    """Write a project in one step; the same contents make the same bytes.

    Args:
        path: the zip to make.
        project: what goes in.
        limits: those of `read_project`: what it would refuse is not written.

    Raises:
        ProjectError: if a name or value cannot be kept, the project is beyond the limits, or the
            disk or folder refuses the file.
    """
    path, limits = Path(path), limits or ProjectLimits()
    own = _members(project)
    members: dict[str, Source] = {MANIFEST: _manifest(project, sorted(own)), **own}
    for name in sorted(project.extras):
        check_plain_name(name)
        if name in members or name in (DIALOGUE, *map(voice_member, SPEAKERS)):
            raise ProjectError(f"an extra file cannot be called {name!r}; the project uses that")
        members[name] = project.extras[name]

    def write(temporary: Path) -> None:
        with zipfile.ZipFile(temporary, "w", allowZip64=False) as archive:
            for name, source in members.items():
                _add(archive, name, source)
        with MemberReader(temporary, limits, shown=path) as reader:
            reader.read_json(MANIFEST)

    try:
        _check_sizes(members, limits)
        write_atomically(path, write)
    except zipfile.LargeZipFile as error:
        raise ProjectError(f"{path}: too large for a zip ({error}); leave out sounds") from error
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be written ({error}); choose a folder that can be written to, or free "
            "some space"
        ) from error


def read_project(
    path: Path,
    limits: ProjectLimits | None = None,
    folder: Path | None = None,
    with_voices: bool = True,
) -> ProjectContents:
    """Open what `write_project` wrote; sounds and other extra files in it are left alone.

    Args:
        path: a zip, perhaps a stranger's.
        limits: how much is read.
        folder: where the dialogue and voices go, under names of ours, if all goes well; it must
            exist. `None`: they are given as bytes.
        with_voices: whether files of voices are read; a dialogue holds its voices without them.

    Raises:
        ProjectError: if it is no project, damaged, of a newer format, or beyond the limits; it
            says what would work.
    """
    with MemberReader(path, limits or ProjectLimits()) as reader:
        values = _checked(reader.read_json(MANIFEST), path)
        expected = set(values["files"])
        if expected != (found := reader.known_names() - {MANIFEST}):
            odd = sorted(expected ^ found)
            raise ProjectError(f"{path}: damaged: {', '.join(odd)} is missing or one too many")
        wanted = expected if with_voices else expected & {DIALOGUE}
        files = _read_all(reader, sorted(wanted), folder)
    return ProjectContents(
        text=values["text"],
        form=values["form"],
        dialogue=files.pop(DIALOGUE, None),
        voice_files={PurePosixPath(name).stem: source for name, source in files.items()},
    )


def _read_all(reader: MemberReader, names: list[str], folder: Path | None) -> dict[str, Source]:
    """All or, where one cannot be read, none."""
    files: dict[str, Source] = {}
    try:
        for name in names:
            files[name] = reader.read_file(name, folder)
    except BaseException:
        for source in files.values():
            if isinstance(source, Path):
                source.unlink()
        raise
    return files


def _members(project: ProjectContents) -> dict[str, Source]:
    members: dict[str, Source] = {}
    if project.dialogue is not None:
        members[DIALOGUE] = project.dialogue
    for speaker, source in sorted(project.voice_files.items()):
        if speaker not in SPEAKERS:
            raise ProjectError(f"no speaker is called {speaker!r}; there are {', '.join(SPEAKERS)}")
        if isinstance(source, Path) and source.suffix != ".safetensors":
            raise ProjectError(
                f"{source} is no voice file; a project keeps voices (.safetensors), not recordings"
            )
        members[voice_member(speaker)] = source
    return members


def _manifest(project: ProjectContents, files: list[str]) -> bytes:
    values = {
        "kind": PROJECT_KIND,
        "format": PROJECT_FORMAT,
        "about": SYNTHETIC_COMMENT,
        "text": project.text,
        "form": dict(project.form),
        "files": files,
    }
    try:
        text = json.dumps(values, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
        return (text + "\n").encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ProjectError(f"the form holds a value that a project cannot keep: {error}") from error


def _check_sizes(members: Mapping[str, Source], limits: ProjectLimits) -> None:
    """Refuse what would not be read back; `MemberReader` judges the rest, once it is written."""
    own = [DIALOGUE, *map(voice_member, SPEAKERS)]
    sizes = {name: _size(members[name]) for name in own if name in members}
    for name, size in sizes.items():
        if size > limits.member_bytes:
            raise ProjectError(f"{name} has {size / 1e6:.1f} MB, too many for a project")
    if sum(sizes.values()) + _size(members[MANIFEST]) > limits.total_bytes:
        raise ProjectError("the dialogue and its voices are together too large for a project")


def _size(source: Source) -> int:
    return len(source) if isinstance(source, bytes) else source.stat().st_size


def _add(archive: zipfile.ZipFile, name: str, source: Source) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    packed = PurePosixPath(name).suffix in _COMPRESSED
    info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    info.file_size = _size(source)
    with archive.open(info, "w") as member:
        _copy(source, member)


def _copy(source: Source, member: IO[bytes]) -> None:
    if isinstance(source, bytes):
        member.write(source)
        return
    with source.open("rb") as file:
        shutil.copyfileobj(file, member, 1 << 20)


def _checked(values: Any, path: Path) -> dict[str, Any]:
    """The manifest, if it is one that this version reads."""
    if not isinstance(values, dict) or values.get("kind") != PROJECT_KIND:
        raise ProjectError(f"{path}: {MANIFEST} in it is of no Colloquy project")
    number = values.get("format")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ProjectError(f"{path}: {MANIFEST} has no format number, read {number!r}")
    if number > PROJECT_FORMAT:
        raise ProjectError(
            f"{path}: made by a newer Colloquy (format {number}, this one reads up to "
            f"{PROJECT_FORMAT}); update Colloquy to open it"
        )
    if values.keys() != _KEYS:
        odd = ", ".join(sorted(values.keys() ^ _KEYS))
        raise ProjectError(f"{path}: {MANIFEST} has missing or unknown keys: {odd}")
    kinds = {"text": str, "form": dict, "files": list}
    for key, kind in kinds.items():
        if not isinstance(values[key], kind):
            raise ProjectError(f"{path}: {key!r} in {MANIFEST} is not of the kind it should be")
    if not all(isinstance(name, str) for name in values["files"]):
        raise ProjectError(f"{path}: 'files' in {MANIFEST} is not a list of names")
    return values
