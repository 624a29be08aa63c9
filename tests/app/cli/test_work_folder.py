from pathlib import Path

import pytest

from app.cli.work_folder import WorkFolder, fingerprint_voices, work_folder_path
from pipeline.errors import AudioError, DialogueError
from tests.app.tone_pipeline import TonePipeline

FINGERPRINT = {"script": "a", "voices": "b", "seed": "7", "options": "c", "weights": "d"}
SCRIPT = "[S1] One.\n[S2] Two.\n[S1] Three."


@pytest.fixture
def folder(tmp_path: Path) -> WorkFolder:
    folder = WorkFolder(work_folder_path(tmp_path / "talk.wav"))
    folder.begin(FINGERPRINT, 3)
    return folder


def _keep(folder: WorkFolder, pipeline: TonePipeline, *numbers: int) -> None:
    for spoken in pipeline.stream(SCRIPT):
        if spoken.index in numbers:
            folder.keep(spoken)


def test_the_folder_lies_beside_the_output(folder: WorkFolder, tmp_path: Path) -> None:
    assert folder.path == tmp_path / "talk.wav.partial"
    assert [path.name for path in folder.path.iterdir()] == ["manifest.json"]


def test_turns_count_up_to_the_first_that_is_missing(
    folder: WorkFolder, pipeline: TonePipeline
) -> None:
    _keep(folder, pipeline, 0, 2)
    assert folder.resume(FINGERPRINT) == 1
    _keep(folder, pipeline, 1)
    assert folder.resume(FINGERPRINT) == 3
    assert [spoken.index for spoken in folder.turns(3)] == [0, 1, 2]


def test_an_unfinished_run_is_refused_with_both_ways_out(
    folder: WorkFolder, pipeline: TonePipeline
) -> None:
    _keep(folder, pipeline, 0, 1)
    with pytest.raises(DialogueError, match=r"2 of 3 turns.*--resume, or delete"):
        folder.begin(FINGERPRINT, 3)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": "8"}, "in its seed;"),
        ({"weights": "x", "script": "y"}, "in its script and weights;"),
        ({"script": "x", "voices": "y", "options": "z"}, "in its script, voices and options;"),
        ({"engine": "new"}, "in its engine;"),
    ],
)
def test_what_differs_is_named(changes: dict[str, str], named: str, folder: WorkFolder) -> None:
    with pytest.raises(DialogueError, match=named):
        folder.resume({**FINGERPRINT, **changes})


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": "x", "n_turns": 1}'])
def test_a_damaged_manifest_is_named(content: str, folder: WorkFolder) -> None:
    (folder.path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(DialogueError, match=r"manifest\.json cannot be read.*delete"):
        folder.resume(FINGERPRINT)
    with pytest.raises(DialogueError, match="holds 0 turns of an unfinished run"):
        folder.refuse_unfinished()


def test_a_folder_without_a_turn_goes_and_one_with_turns_stays(
    folder: WorkFolder, pipeline: TonePipeline
) -> None:
    assert folder.close() == ""
    assert not folder.path.exists()
    folder.begin(FINGERPRINT, 3)
    _keep(folder, pipeline, 0)
    assert "1 of 3 turns are kept" in folder.close()
    assert folder.path.exists()


def test_a_full_disk_is_reported_and_leaves_no_half_turn(
    folder: WorkFolder, pipeline: TonePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*values: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.files.checkpoint.save_file", refuse)
    with pytest.raises(AudioError, match="No space left"):
        _keep(folder, pipeline, 0)
    assert [path.name for path in folder.path.iterdir()] == ["manifest.json"]


def test_voices_are_told_apart_by_what_is_in_them(pipeline: TonePipeline, tmp_path: Path) -> None:
    recording = tmp_path / "my.wav"
    recording.write_bytes(b"one")
    built_in = pipeline.voices
    words = [
        fingerprint_voices({}, built_in),
        fingerprint_voices({"S1": "anna"}, built_in),
        fingerprint_voices({"S1": None}, built_in),
        fingerprint_voices({"S1": recording}, built_in),
    ]
    recording.write_bytes(b"two")
    words.append(fingerprint_voices({"S1": recording}, built_in))
    assert len(set(words)) == len(words)
    assert fingerprint_voices({"S1": "anna"}, built_in) == words[1]
