import json
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.export.project_zip import ProjectContents, read_project, write_project
from app.export.zip_reader import MemberReader, ProjectError, ProjectLimits, check_plain_name

LIMITS = ProjectLimits(
    zip_bytes=50_000,
    directory_bytes=2_000,
    members=10,
    manifest_bytes=1_000,
    manifest_depth=3,
    member_bytes=20_000,
    total_bytes=30_000,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A sound project that the limits allow."""
    path = tmp_path / "talk.zip"
    contents = ProjectContents(text="Anna: Hi.", dialogue=b"d" * 900, voice_files={"S1": b"v"})
    write_project(path, contents, LIMITS)
    return path


def _add(path: Path, name: str, data: bytes = b"", **attributes: int) -> None:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    for key, value in attributes.items():
        setattr(info, key, value)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        archive.writestr(info, data)


def _made_of(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def _manifest(path: Path, text: bytes) -> None:
    _made_of(path, {"project.json": text})


def _bomb(path: Path) -> None:
    """A few bytes that unpack to many."""
    files = ["dialogue.safetensors"]
    values = {"kind": "colloquy project", "format": 1, "about": "", "text": "", "form": {}}
    manifest = json.dumps({**values, "files": files}).encode()
    _made_of(path, {"project.json": manifest, "dialogue.safetensors": bytes(5_000_000)})


def _two_bombs(path: Path) -> None:
    files = ["dialogue.safetensors", "voices/S1.safetensors"]
    values = {"kind": "colloquy project", "format": 1, "about": "", "text": "", "form": {}}
    manifest = json.dumps({**values, "files": files}).encode()
    _made_of(path, {"project.json": manifest, **dict.fromkeys(files, bytes(16_000))})


def _lying_bomb(path: Path) -> None:
    """The list of members and the member's own header say that it is small."""
    _bomb(path)
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<L", 5_000_000), struct.pack("<L", 500)))


def _patch(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def _encrypt(path: Path) -> None:
    """Set the flag of the first member in the list, as zips with a password do."""
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def _other_method(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("project.json", "{}" * 100)


def _unknown_method(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 10] = 99
    path.write_bytes(data)


def _many(path: Path) -> None:
    _made_of(path, {f"turns/{n}.wav": b"" for n in range(11)})


def _many_and_says_few(path: Path) -> None:
    _many(path)
    data = bytearray(path.read_bytes())
    data[-14:-10] = struct.pack("<HH", 1, 1)
    path.write_bytes(data)


def _wide(path: Path) -> None:
    """A locator of the wide record before the end; that record could name any size."""
    data = path.read_bytes()
    path.write_bytes(data[:-22] + b"PK\x06\x07" + bytes(16) + data[-22:])


def _long_directory(path: Path) -> None:
    _made_of(path, {"a" * 3_000: b""})


def _comment(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"hello"


def _other_name_inside(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[30] = ord("q")
    path.write_bytes(data)


HOSTILE: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: path.unlink(), "cannot be read: No such file"),
    (lambda path: path.write_bytes(b""), "damaged, or no zip"),
    (lambda path: path.write_bytes(b"Anna: Hello.\n" * 20), "damaged, or no zip"),
    (lambda path: path.write_bytes(path.read_bytes()[:-30]), "damaged, or no zip"),
    (lambda path: path.write_bytes(path.read_bytes()[700:]), "damaged"),
    (lambda path: path.write_bytes(bytes(50_001)), "0.1 MB are too many; at most 0.05 MB"),
    (lambda path: _patch(path, b"d" * 900, b"e" * 900), "dialogue.safetensors in it is damaged"),
    (lambda path: _made_of(path, {"notes.txt": b""}), "no project.json in it"),
    (lambda path: _made_of(path, {"a/project.json": b"{}"}), "no project.json in it"),
    (_comment, "with a comment at its end"),
    (_wide, "list of members is too large"),
    (_long_directory, "list of members is too large"),
    (_many, "11 members are too many; at most 10"),
    (_many_and_says_few, "11 members are too many; at most 10"),
    (_bomb, "dialogue.safetensors in it unpacks to more than 0.02 MB"),
    (_two_bombs, "it unpacks to more than 0.03 MB in all"),
    (_lying_bomb, "dialogue.safetensors in it is damaged"),
    (_encrypt, "'project.json' is encrypted; save the project without a password"),
    (_other_method, r"packed in a way that is not read \(14\)"),
    (_unknown_method, r"packed in a way that is not read \(99\)"),
    (_other_name_inside, "project.json in it is damaged"),
    (lambda path: _add(path, "project.json", b"{}"), "'project.json' is in it more than once"),
    (lambda path: _add(path, "x.wav") or _add(path, "x.wav"), "'x.wav' is in it more than once"),
    (lambda path: _add(path, "../../home/x"), "unsafe name '../../home/x'"),
    (lambda path: _add(path, "turns/../../x"), "unsafe name"),
    (lambda path: _add(path, "/etc/passwd"), "unsafe name '/etc/passwd'"),
    (lambda path: _add(path, "a\\..\\x"), "unsafe name"),
    (lambda path: _add(path, "C:x"), "unsafe name 'C:x'"),
    (lambda path: _add(path, "a//b"), "unsafe name"),
    (lambda path: _add(path, "turns/./x"), "unsafe name"),
    (lambda path: _add(path, "x", external_attr=(stat.S_IFLNK | 0o777) << 16), "'x' is a link"),
    (lambda path: _manifest(path, b"{"), "project.json in it cannot be read"),
    (lambda path: _manifest(path, b"\xff\xfe{}"), "project.json in it cannot be read"),
    (lambda path: _manifest(path, b'{"a": NaN}'), "cannot be read: NaN is no number"),
    (lambda path: _manifest(path, b'{"a": "\\ud83d"}'), "cannot be read.*surrogates"),
    (lambda path: _manifest(path, b"1" * 900), "no Colloquy project"),
    (lambda path: _manifest(path, b"[[[[]]]]"), "nested more than 3 deep"),
    (lambda path: _manifest(path, b" " * 1_001), "project.json in it unpacks to more than"),
]


@pytest.mark.parametrize(("spoil", "message"), HOSTILE)
def test_what_is_not_a_sound_project_is_refused_and_nothing_is_unpacked(
    tmp_path: Path, project: Path, spoil: Callable[[Path], object], message: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert read_project(project, LIMITS).text == "Anna: Hi."
    spoil(project)
    with pytest.raises(ProjectError, match=message) as caught:
        read_project(project, LIMITS, folder)
    assert str(project) in str(caught.value)
    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) in (["out"], ["out", "talk.zip"])


def test_a_manifest_of_brackets_alone_is_refused(project: Path) -> None:
    _manifest(project, b"[" * 100_000)
    with pytest.raises(ProjectError, match=r"project\.json in it cannot be read"):
        read_project(project)


def test_a_name_cut_short_by_a_zero_is_unsafe(project: Path) -> None:
    _add(project, "project.jsonX.exe")
    _patch(project, b"project.jsonX", b"project.json\0")
    with pytest.raises(ProjectError, match=r"more than once|unsafe name"):
        read_project(project, LIMITS)


def test_other_members_are_left_alone_whatever_is_in_them(project: Path) -> None:
    nested = project.read_bytes()
    _add(project, "inner.zip", nested)
    _add(project, "turns/")
    _add(project, "bomb.wav", bytes(5_000_000))
    _add(project, ".hidden", b"x")
    again = read_project(project, LIMITS)
    assert (again.text, again.dialogue, again.extras) == ("Anna: Hi.", b"d" * 900, {})


def test_every_cut_of_a_project_is_refused_and_every_flip_is_refused_or_harmless(
    project: Path,
) -> None:
    whole = project.read_bytes()
    wanted = read_project(project, LIMITS)
    for n_bytes in range(0, len(whole), 97):
        project.write_bytes(whole[:n_bytes])
        with pytest.raises(ProjectError):
            read_project(project, LIMITS)
    for position in range(0, len(whole), 3):
        data = bytearray(whole)
        data[position] ^= 0x55
        project.write_bytes(data)
        try:
            again = read_project(project, LIMITS)
        except ProjectError:
            continue
        assert again == wanted


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, project: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ProjectError, match=r"dialogue\.safetensors cannot be unpacked"):
        read_project(project, LIMITS, tmp_path / "file" / "out")


def test_the_file_is_closed_when_reading_is_over(project: Path) -> None:
    with MemberReader(project, LIMITS) as reader:
        assert reader.known_names() == {
            "project.json",
            "dialogue.safetensors",
            "voices/S1.safetensors",
        }
    with pytest.raises(ProjectError, match="closed"):
        reader.read_json("project.json")


@pytest.mark.parametrize("name", ["", ".hidden", "a/../b", "a b", "a\\b", "a/", "/a", "a:b", "a\n"])
def test_names_that_not_every_system_has_are_not_written(name: str) -> None:
    with pytest.raises(ProjectError, match="no file in a project can be called"):
        check_plain_name(name)


@pytest.mark.parametrize("name", ["dialogue.S1-анна.wav", "turns/001-S1.mp3", "a-b_c.d"])
def test_names_of_our_own_are_plain(name: str) -> None:
    check_plain_name(name)
