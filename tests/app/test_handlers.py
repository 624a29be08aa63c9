import threading
from pathlib import Path

import pytest

from app.handlers import (
    MADE_UP,
    MAX_RETAKES,
    MAX_SEED,
    OWN_RECORDING,
    ProgressMeter,
    SpeakForm,
    VoiceRow,
    read_script,
    roll_seed,
    speak_form,
    stop_when_set,
    time_left_of,
)
from app.studio import Studio
from pipeline.errors import CancelledError, DialogueError
from pipeline.stage_clock import STAGES
from tests.app.conftest import BAD_RECORDINGS, BAD_SCRIPTS, TonePipeline

SCRIPT = "Anna: Hello.\nBen: Hi.\nAnna: Bye."
ROWS = [VoiceRow("anna"), VoiceRow("ben"), VoiceRow("anna"), VoiceRow("ben")]


def test_feedback_counts_turns_and_names_speakers(studio: Studio) -> None:
    feedback = read_script(studio, SCRIPT)
    assert not feedback.problem
    assert "3 turns, 2 speakers: Anna (S1), Ben (S2); about 2 s" in feedback.message
    assert feedback.speakers == {"S1": "Anna", "S2": "Ben"}


@pytest.mark.parametrize(("text", "words"), BAD_SCRIPTS.items())
def test_feedback_says_what_is_wrong_with_a_script(text: str, words: str, studio: Studio) -> None:
    feedback = read_script(studio, text)
    assert feedback.problem
    assert words in feedback.message


@pytest.mark.parametrize(("text", "words"), BAD_SCRIPTS.items())
def test_a_bad_script_is_not_spoken(text: str, words: str, studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(DialogueError, match=words):
        speak_form(studio, SpeakForm(text, 0, ROWS), tmp_path)


@pytest.mark.parametrize(("kind", "words"), BAD_RECORDINGS.items())
def test_a_bad_recording_is_refused(
    kind: str, words: str, studio: Studio, recordings: dict[str, Path], tmp_path: Path
) -> None:
    rows = [VoiceRow(OWN_RECORDING, str(recordings[kind])), VoiceRow("ben")]
    words = "there is no voice" if kind == "missing" else words
    with pytest.raises(DialogueError, match=words):
        speak_form(studio, SpeakForm(SCRIPT, 0, rows), tmp_path)


def test_a_result_holds_sound_captions_and_table(studio: Studio, tmp_path: Path) -> None:
    folder = tmp_path / "result"
    folder.mkdir()
    result = speak_form(studio, SpeakForm(SCRIPT, 5, ROWS), folder)
    assert [path.suffix for path in result.downloads] == [".wav", ".srt", ".vtt", ".json"]
    assert sorted(folder.iterdir()) == sorted(result.downloads)
    assert result.subtitles[1] == {"text": "Ben: Hi.", "timestamp": [0.5, 1.0]}
    assert result.table[2] == ["3", "Anna", "1.00", "1.50", "Bye."]
    assert "seed 5" in result.status


def test_rows_belong_to_speakers_in_order(
    studio: Studio, pipeline: TonePipeline, recordings: dict[str, Path], tmp_path: Path
) -> None:
    rows = [VoiceRow(MADE_UP), VoiceRow(OWN_RECORDING, str(recordings["good"])), *ROWS[2:]]
    speak_form(studio, SpeakForm(SCRIPT, 0, rows), tmp_path)
    assert list(pipeline.cast) == ["S1", "S2"]
    assert pipeline.cast["S1"] is None
    assert pipeline.cast["S2"] is not None
    assert pipeline.cast["S2"].name == "good"


def test_a_recording_that_was_not_made_is_asked_for(studio: Studio, tmp_path: Path) -> None:
    rows = [VoiceRow(OWN_RECORDING), VoiceRow("ben")]
    with pytest.raises(DialogueError, match="Anna has no recording yet"):
        speak_form(studio, SpeakForm(SCRIPT, 0, rows), tmp_path)


@pytest.mark.parametrize("choice", ["zoe", "/etc/passwd", None])
def test_a_form_cannot_name_a_file_or_an_unknown_voice(
    choice: str | None, studio: Studio, tmp_path: Path
) -> None:
    with pytest.raises(DialogueError, match="there is no voice"):
        speak_form(studio, SpeakForm(SCRIPT, 0, [VoiceRow(choice), VoiceRow("ben")]), tmp_path)


@pytest.mark.parametrize("seed", [None, -1, 1.5, float("nan"), MAX_SEED + 1])
def test_a_seed_that_is_no_whole_number_is_refused(
    seed: float | None, studio: Studio, tmp_path: Path
) -> None:
    with pytest.raises(DialogueError, match="seed must be a whole number"):
        speak_form(studio, SpeakForm(SCRIPT, seed, ROWS), tmp_path)


@pytest.mark.parametrize("retakes", [None, -1, 0.5, float("inf"), MAX_RETAKES + 1])
def test_a_number_of_retakes_that_cannot_be_is_refused(
    retakes: float | None, studio: Studio, tmp_path: Path
) -> None:
    with pytest.raises(
        DialogueError, match=f"retakes must be a whole number from 0 to {MAX_RETAKES}"
    ):
        speak_form(studio, SpeakForm(SCRIPT, 0, ROWS, retakes), tmp_path)


def test_the_retakes_of_the_form_are_the_budget(
    studio: Studio, pipeline: TonePipeline, tmp_path: Path
) -> None:
    speak_form(studio, SpeakForm(SCRIPT, 0, ROWS), tmp_path / "none")
    assert pipeline.options.max_retakes == 0
    speak_form(studio, SpeakForm(SCRIPT, 0, ROWS, 3.0), tmp_path / "three")
    assert pipeline.options.max_retakes == 3


def test_cancel_in_the_middle_stops_the_work_and_leaves_no_file(
    studio: Studio, pipeline: TonePipeline, tmp_path: Path
) -> None:
    folder = tmp_path / "result"
    folder.mkdir()
    stop = threading.Event()
    pipeline.before_stage = lambda stage: stop.set() if stage == "acoustic" else None
    seen: list[str] = []
    listen = stop_when_set(stop, lambda stage, done, total: seen.append(stage))
    with pytest.raises(CancelledError, match="cancelled"):
        speak_form(studio, SpeakForm(SCRIPT, 0, ROWS), folder, listen)
    assert "acoustic" in seen
    assert "mix" not in seen
    assert list(folder.iterdir()) == []


def test_progress_only_grows_and_ends_at_one() -> None:
    meter = ProgressMeter()
    steps = [meter.share("read", 0, 1), meter.share("read", 1, 1)]
    steps += [  # two batches
        meter.share(stage, 4 * batch + done, 8)
        for batch in range(2)
        for stage in STAGES[1:]
        for done in range(5)
    ]
    assert steps == sorted(steps)
    assert steps[0] == 0.0
    assert steps[-1] == pytest.approx(1.0)


def test_a_rolled_seed_is_accepted(studio: Studio, tmp_path: Path) -> None:
    seed = roll_seed()
    assert f"seed {seed}" in speak_form(studio, SpeakForm(SCRIPT, seed, ROWS), tmp_path).status


def test_time_left_begins_at_the_estimate_and_at_nothing_for_an_unreadable_script(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert time_left_of(studio, "[S1] Hello.").left("semantic", 0, 1) > 0
    assert time_left_of(studio, "").left("semantic", 0, 1) == 0
