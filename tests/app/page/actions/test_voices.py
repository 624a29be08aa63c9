from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.page.actions.voices import CONSENT_NOTE, int16_sound
from app.page.sections.voices import voice_choices
from app.projects.voice_choices import MADE_UP, OWN_RECORDING, VOICE_FILE
from pipeline.audio.read import read_audio
from pipeline.datatypes.sound import Waveform
from pipeline.voices.voice_file import load_voice, save_voice
from tests.app.conftest import BAD_RECORDINGS
from tests.app.page.desk import Desk, collect
from tests.app.tone_pipeline import TonePipeline


def test_choices_name_every_voice_and_the_three_special_ones(
    desk: Desk, recordings: dict[str, Path]
) -> None:
    desk.pool.add_voice("mine", recordings["good"], "")
    found = voice_choices(desk.pool)
    assert [value for _, value in found] == [
        "anna",
        "ben",
        "mine",
        MADE_UP,
        OWN_RECORDING,
        VOICE_FILE,
    ]
    assert found[0][0] == "anna · the voice of anna"
    assert found[2][0] == "mine · added by you"


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        ("anna", (True, False, False, False, False)),
        (MADE_UP, (False, False, False, False, False)),
        (OWN_RECORDING, (False, True, False, True, True)),
        (VOICE_FILE, (False, False, True, True, False)),
        ("zoe", (False, False, False, False, False)),
    ],
)
def test_a_choice_shows_what_it_needs(choice: str, shown: tuple[bool, ...], desk: Desk) -> None:
    listen, sample, recording, file, quality, consent, keep = desk.voices.choose(choice)
    assert (listen.interactive, recording.visible, file.visible, consent.visible, keep.visible) == (
        shown
    )
    assert not sample.visible
    assert quality.visible == consent.visible


def test_voices_are_listened_to_by_name_alone(desk: Desk, recordings: dict[str, Path]) -> None:
    desk.pool.add_voice("mine", recordings["good"], "")
    for name in ("anna", "mine"):
        assert desk.voices.listen(name).visible
    for name in (MADE_UP, OWN_RECORDING, "/etc/passwd", "../../etc/passwd", ""):
        with pytest.raises(gr.Error, match="Choose a voice with a name"):
            desk.voices.listen(name)


def test_a_recording_is_judged_in_words_and_as_a_picture(
    desk: Desk, recordings: dict[str, Path], tmp_path: Path
) -> None:
    upload = tmp_path / "me.wav"
    upload.write_bytes(recordings["good"].read_bytes())
    workspace = desk.workspaces.open()
    told, consent = desk.voices.judge(str(upload), workspace.token)
    assert "<svg" in told
    assert 'class="used"' in told
    assert consent == gr.skip()
    workspace.remove()
    assert not upload.exists(), "uploads go with the workspace"


@pytest.mark.parametrize("kind", BAD_RECORDINGS)
def test_a_bad_recording_is_told_and_its_place_is_not(
    kind: str, desk: Desk, recordings: dict[str, Path]
) -> None:
    told, _ = desk.voices.judge(str(recordings[kind]), "")
    assert 'class="problem"' in told
    assert str(recordings[kind].parent) not in told


def test_consent_is_for_one_recording(desk: Desk) -> None:
    told, consent = desk.voices.judge(None, "")
    assert "No recording yet" in told
    assert consent.value is False


def test_a_voice_file_tells_whose_it_is(desk: Desk, pipeline: TonePipeline, tmp_path: Path) -> None:
    path = tmp_path / "voice.safetensors"
    save_voice(path, replace(pipeline.voices["anna"], name="<b>zoe", licence="CC0", consent="yes"))
    told = desk.voices.read_file(str(path), "")
    assert "Voice “&lt;b&gt;zoe”. CC0. yes" in told
    other = tmp_path / "other.safetensors"
    save_voice(other, replace(pipeline.voices["anna"], codec_id="another"))
    path.write_bytes(b"no voice")
    for bad in (path, other, tmp_path / "gone.safetensors"):
        told = desk.voices.read_file(str(bad), "")
        assert 'class="problem"' in told
        assert str(tmp_path) not in told
    assert "No voice file yet" in desk.voices.read_file(None, "")


def test_a_recording_is_kept_as_a_voice_file_and_speaks(
    desk: Desk, recordings: dict[str, Path]
) -> None:
    given = str(recordings["good"])
    button, told, token = desk.voices.save(given, True, "../Zoë 2", " CC0 ", "")
    path = Path(button.value["path"] if isinstance(button.value, dict) else button.value)
    assert path.name == "Zoë-2.safetensors"
    assert path.is_relative_to(desk.workspaces.open(token).folder)
    assert "Zoë-2.safetensors" in told
    voice = load_voice(path)
    assert (voice.name, voice.licence, voice.consent) == ("../Zoë 2", "CC0", CONSENT_NOTE)
    project, _ = desk.speak(
        choices=(VOICE_FILE, "ben", "anna", "ben"),
        files=(str(path), None, None, None),
        consents=(True, False, False, False),
    )
    assert project.dialogue.voices["S1"].name == "../Zoë 2"


def test_a_recording_is_read_once_in_a_visit(
    desk: Desk, recordings: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []

    def read(path: Path, rate_hz: int) -> Waveform:
        reads.append(path.name)
        return read_audio(path, rate_hz)

    monkeypatch.setattr("tests.app.tone_pipeline.read_audio", read)
    upload = tmp_path / "me.wav"
    upload.write_bytes(recordings["good"].read_bytes())
    given: dict[str, Any] = {
        "choices": (OWN_RECORDING, "ben", "anna", "ben"),
        "recordings": (str(upload), None, None, None),
        "consents": (True, False, False, False),
    }
    token = desk.workspaces.open().token
    desk.voices.judge(str(upload), token)
    for seed in (1, 2):
        collect(desk.generate(token, seed=seed, **given))
    desk.voices.save(str(upload), True, "zoe", "", token)
    assert reads == ["me.wav"]
    assert desk.project(token).dialogue.voices["S1"].name == "me"
    upload.write_bytes(recordings["stereo"].read_bytes())
    collect(desk.generate(token, **given))
    assert reads == ["me.wav"] * 2, "another recording under the same name"
    desk.speak("bob", **given)
    assert reads == ["me.wav"] * 3, "nothing of another visit is used"


def test_no_voice_is_kept_without_consent_or_recording(
    desk: Desk, recordings: dict[str, Path]
) -> None:
    with pytest.raises(gr.Error, match="Tick the box that says the person agreed"):
        desk.voices.save(str(recordings["good"]), False, "zoe", "", "")
    with pytest.raises(gr.Error, match="Upload or record something first"):
        desk.voices.save(None, True, "zoe", "", "")
    with pytest.raises(gr.Error) as raised:
        desk.voices.save(str(recordings["silent"]), True, "zoe", "", "")
    assert str(recordings["silent"].parent) not in str(raised.value.message)


def test_players_get_whole_numbers_within_full_scale() -> None:
    sound = Waveform(
        samples=np.array([-2.0, -1.0, 0.0, 0.5, 2.0], dtype=np.float32), sample_rate_hz=8000
    )
    rate, samples = int16_sound(sound)
    assert rate == 8000
    assert samples.tolist() == [-32767, -32767, 0, 16384, 32767]
