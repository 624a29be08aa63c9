from pathlib import Path

import pytest

from app.backend.voice_library import VoiceLibrary, check_voice_name, user_voice_folder
from pipeline.errors import VoiceError


def test_the_folder_follows_xdg(tmp_path: Path) -> None:
    folder = user_voice_folder({"XDG_DATA_HOME": str(tmp_path)})
    assert folder == tmp_path / "colloquy" / "voices"
    at_home = Path.home() / ".local" / "share" / "colloquy" / "voices"
    assert user_voice_folder({}) == at_home
    assert user_voice_folder({"XDG_DATA_HOME": "relative"}) == at_home


@pytest.mark.parametrize("name", ["anna", "a", "anna-2", "7_of_9", "a" * 40])
def test_plain_names_are_accepted(name: str) -> None:
    assert check_voice_name(name) == name


@pytest.mark.parametrize("name", ["", "Anna", "a b", "../a", "-a", ".a", "a" * 41, "é", "a\n"])
def test_names_that_are_no_file_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="cannot be a voice name"):
        VoiceLibrary(tmp_path).path(name)


def test_names_are_those_of_the_files(tmp_path: Path) -> None:
    library = VoiceLibrary(tmp_path / "voices")
    assert library.names() == []
    library.folder.mkdir()
    for name in ("ben", "anna"):
        library.path(name).touch()
    (library.folder / "notes.txt").touch()
    assert library.names() == ["anna", "ben"]
