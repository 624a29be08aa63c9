"""The members of a project's zip, read as a stranger's: known names only, and counted bytes."""

import json
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.config.limits import MAX_SPEAKERS
from pipeline.errors import DialogueError
from pipeline.files.atomic import write_atomically

MANIFEST = "project.json"
DIALOGUE = "dialogue.safetensors"
SPEAKERS = tuple(f"S{number}" for number in range(1, MAX_SPEAKERS + 1))

_MEGABYTE = 1_000_000
_CHUNK = 1 << 16
_END = struct.Struct("<4s4H2LH")
"""The record that ends a zip: signature, disk numbers, counts, directory's size and place, length
of a comment."""

_WIDE_END = b"PK\x06\x07"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises for files that are not as they should be."""

_PLAIN_NAME = re.compile(r"[\w\-][\w\-.]*(?:/[\w\-][\w\-.]*)*")
_UNSAFE = re.compile(r"[\\:\x00-\x1f]|^/|//|(?:^|/)\.\.?(?:/|$)")
"""What could lead out of a folder, on any system."""


class ProjectError(DialogueError):
    """A project file that cannot be written or opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectLimits:
    """How much of a zip is read; beyond it a `ProjectError` says so.

    Attributes:
        zip_bytes: size of the zip itself.
        directory_bytes: size of its list of members.
        members: how many there are.
        manifest_bytes: of project.json, unpacked.
        manifest_depth: how deep lists and objects in it may lie in each other.
        member_bytes: of any other member that is read, unpacked.
        total_bytes: of all members that are read, unpacked.
    """

    zip_bytes: int = 1_000 * _MEGABYTE
    directory_bytes: int = 4 * _MEGABYTE
    members: int = 20_000
    manifest_bytes: int = 2 * _MEGABYTE
    manifest_depth: int = 16
    member_bytes: int = 1_000 * _MEGABYTE
    total_bytes: int = 1_200 * _MEGABYTE


def voice_member(speaker: str) -> str:
    """The name within the zip of a speaker's voice."""
    return f"voices/{speaker}.safetensors"


def check_plain_name(name: str) -> None:
    """Refuse a name that some system could not unpack.

    Raises:
        ProjectError: naming it.
    """
    if not _PLAIN_NAME.fullmatch(name):
        raise ProjectError(
            f"no file in a project can be called {name!r}; use letters, digits, '-', '_' and dots, "
            "folders parted by '/', and no dot at a beginning"
        )


class MemberReader:
    """A project's zip, open for reading; what is not a known member is never touched.

    Folders, sounds, captions and whatever else a person has put in are looked at by name only.

    Args:
        path: the zip.
        limits: how much is read.
        shown: the path to name in messages; `None`: the same.

    Raises:
        ProjectError: if it is no zip or beyond the limits, or a member is encrypted, a link, packed
            in an unknown way, there twice, or dangerously named.
    """

    def __init__(self, path: Path, limits: ProjectLimits, shown: Path | None = None) -> None:
        self._path, self._limits, self._shown = Path(path), limits, shown or Path(path)
        self._total = 0
        self._known = {MANIFEST, DIALOGUE, *map(voice_member, SPEAKERS)}
        self._check_size()
        try:
            self._zip = zipfile.ZipFile(self._path)
        except (*_DAMAGE, OSError) as error:
            raise self._error(f"damaged, or no zip at all ({error}); save it again") from error
        try:
            self._check_members(self._zip.infolist())
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> "MemberReader":
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._zip.close()

    def known_names(self) -> set[str]:
        """Names of the members that a project is made of, as far as they are there."""
        return self._known & set(self._zip.namelist())

    def read_json(self, name: str) -> Any:
        """The value in a JSON member.

        Raises:
            ProjectError: if it is missing, damaged, too large or too deep, or no JSON.
        """
        if name not in self._zip.namelist():
            raise self._error(f"no {name} in it, so it is no Colloquy project")
        data = b"".join(self._chunks(name, self._limits.manifest_bytes))
        try:
            value = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # no halves of characters
        except (ValueError, RecursionError) as error:
            raise self._error(f"{name} in it cannot be read: {error}") from error
        if not _is_flat(value, self._limits.manifest_depth):
            raise self._error(
                f"{name} in it is nested more than {self._limits.manifest_depth} deep"
            )
        return value

    def read_file(self, name: str, folder: Path | None) -> Path | bytes:
        """The bytes of a known member, or a file of them.

        Args:
            name: a known member that is there.
            folder: where the file goes, under the member's name with '-' for '/'; `None`: bytes are
                wanted.

        Raises:
            ProjectError: if it is damaged or too large, or the file cannot be written.
        """
        assert name in self.known_names(), name
        chunks = self._chunks(name, self._limits.member_bytes)
        if folder is None:
            return b"".join(chunks)
        path = folder / name.replace("/", "-")
        try:
            write_atomically(path, lambda temporary: _write_all(temporary, chunks))
        except OSError as error:
            raise self._error(f"{name} cannot be unpacked: {error.strerror or error}") from error
        return path

    def _error(self, message: str) -> ProjectError:
        return ProjectError(f"{self._shown}: {message}")

    def _check_size(self) -> None:
        """Judge what zipfile would read at once: the list of members, at the end of the file."""
        limits = self._limits
        try:
            size = self._path.stat().st_size
            if size > limits.zip_bytes:
                raise self._error(
                    f"{size / _MEGABYTE:.1f} MB are too many; at most "
                    f"{limits.zip_bytes / _MEGABYTE:g} MB are read"
                )
            with self._path.open("rb") as file:
                file.seek(max(0, size - _END.size - 20))
                tail = file.read()
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror or error}") from error
        end = tail[-_END.size :]
        if len(end) < _END.size or not end.startswith(b"PK\x05\x06") or end[-2:] != b"\0\0":
            raise self._error(
                "damaged, or no zip as Colloquy writes it (cut off, or with a comment at its end); "
                "save the project again"
            )
        n_members, directory_bytes = _END.unpack(end)[4:6]
        if tail.startswith(_WIDE_END) or directory_bytes > limits.directory_bytes:
            raise self._error("its list of members is too large for a project")
        self._check_count(n_members)

    def _check_count(self, n_members: int) -> None:
        if n_members > self._limits.members:
            raise self._error(
                f"{n_members} members are too many; at most {self._limits.members} are read"
            )

    def _check_members(self, members: list[zipfile.ZipInfo]) -> None:
        self._check_count(len(members))
        twice = [name for name, n in Counter(each.filename for each in members).items() if n > 1]
        if twice:
            raise self._error(f"{twice[0]!r} is in it more than once; save the project again")
        for each in members:
            self._check_member(each)

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        name = member.orig_filename
        if not name or _UNSAFE.search(name):
            raise self._error(f"it holds a file with the unsafe name {name!r}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise self._error(f"{name!r} is a link; a project holds only files")
        if name not in self._known:
            return
        if member.flag_bits & _ENCRYPTED:
            raise self._error(f"{name!r} is encrypted; save the project without a password")
        if member.compress_type not in _METHODS:
            raise self._error(
                f"{name!r} is packed in a way that is not read ({member.compress_type}); "
                "zip it with plain deflate"
            )

    def _chunks(self, name: str, most: int) -> Iterator[bytes]:
        """A member's bytes, counted as they come out."""
        n_read = 0
        try:
            with self._zip.open(name) as member:
                while chunk := member.read(_CHUNK):
                    n_read += len(chunk)
                    self._total += len(chunk)
                    self._check_unpacked(name, n_read, most)
                    yield chunk
        except _DAMAGE as error:
            raise self._error(f"{name} in it is damaged ({error}); save it again") from error
        except OSError as error:
            reason = error.strerror or error
            raise self._error(
                f"{name} in it cannot be read ({reason}); it may be damaged"
            ) from error

    def _check_unpacked(self, name: str, n_read: int, most: int) -> None:
        if n_read > most:
            raise self._error(f"{name} in it unpacks to more than {most / _MEGABYTE:g} MB")
        if self._total > self._limits.total_bytes:
            raise self._error(
                f"it unpacks to more than {self._limits.total_bytes / _MEGABYTE:g} MB in all"
            )


def _write_all(path: Path, chunks: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(chunks)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _is_flat(value: Any, depth: int) -> bool:
    """Whether lists and objects lie at most `depth` deep in each other."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not isinstance(value, dict | list):
        return True
    return depth > 0 and all(_is_flat(each, depth - 1) for each in inner)
