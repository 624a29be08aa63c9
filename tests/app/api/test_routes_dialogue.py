import base64
import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.backend.pipeline_pool import PipelinePool
from tests.app.live_server import Api, seconds_of, serve_api
from tests.app.tone_pipeline import TonePipeline, talk_s


@pytest.fixture
def open_api(pool: PipelinePool) -> Iterator[Callable[..., Api]]:
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(serve_api(pool, **settings))


@pytest.fixture
def api(open_api: Callable[..., Api]) -> Api:
    return open_api()


def test_a_conversation_is_spoken_from_a_script(api: Api, pipeline: TonePipeline) -> None:
    asked = {
        "script": "Anna: Hello.\nBen: Hi.",
        "voices": {"ANNA": "ben", "S2": None},
        "seed": 11,
        "response_format": "wav",
    }
    answer = api.post("dialogue", asked)
    assert answer.headers["x-colloquy-seed"] == "11"
    assert float(answer.headers["x-colloquy-duration"]) == pytest.approx(talk_s(2))
    assert seconds_of(answer.content) == pytest.approx(talk_s(2))
    cast = {speaker: voice and voice.name for speaker, voice in pipeline.cast.items()}
    assert cast == {"S1": "ben", "S2": None}
    assert "x-colloquy-notes" not in answer.headers


def test_a_conversation_is_spoken_from_turns_with_everything_about_it(api: Api) -> None:
    turns = [
        {"speaker": "Åsa", "text": "Hello. {pause 0.5} You?", "pace": 1.1, "gap": None},
        {"speaker": "Ben", "text": "Fine.", "gap": -0.1},
    ]
    asked = {"turns": turns, "response": "json", "captions": "vtt", "response_format": "wav"}
    answer = api.post("dialogue", asked).json()
    assert seconds_of(base64.b64decode(answer["audio"])) == pytest.approx(answer["duration_s"])
    assert [caption["text"] for caption in answer["captions"]] == ["Hello. You?", "Fine."]
    assert answer["speakers"] == {"S1": "Åsa", "S2": "Ben"}
    assert answer["caption_file"]["text"].startswith("WEBVTT")
    assert "<v Åsa>Hello." in answer["caption_file"]["text"]
    assert answer["notes"] == [
        "S1 was given no voice and speaks as 'anna'",
        "S2 was given no voice and speaks as 'ben'",
    ]
    again = api.post("dialogue", {**asked, "seed": answer["seed"]}).json()
    assert again["audio"] == answer["audio"]


@pytest.mark.parametrize(
    ("asked", "status", "message"),
    [
        ({}, 400, "give either script or turns"),
        ({"script": "[S1] Hi.", "turns": []}, 400, "give either script or turns"),
        ({"script": 3}, 400, "script must be there, as words"),
        ({"script": "[S1"}, 400, "line 1: .*not closed"),
        ({"script": "a" * 501}, 400, "script has 501 characters"),
        ({"turns": []}, 400, "the script is empty"),
        ({"turns": "no"}, 400, "turns must be a list of objects"),
        ({"turns": [3]}, 400, "turns must be a list of objects"),
        ({"turns": [{"speaker": "S1", "text": "a", "x": 1}]}, 400, "turn 1: there is no field 'x'"),
        ({"turns": [{"speaker": "S1", "text": "a", "pace": 9}]}, 400, "pace '9' must be"),
        ({"script": "Hi.", "voices": "anna"}, 400, "voices must be an object"),
        ({"script": "Hi.", "voices": {"S1": 3}}, 400, "a voice is a name or null"),
        ({"script": "Hi.", "voices": {"S9": None}}, 400, "'S9', who is not in the script; .* S1"),
        ({"script": "Hi.", "voices": {"S1": None, "s1": None}}, 400, "S1 is given two voices"),
        ({"script": "Hi.", "voices": {"S1": "/etc/passwd"}}, 404, "there is no voice"),
        ({"script": "Hi.", "model": "x"}, 404, "there is no model 'x'"),
        ({"script": "Hi.", "captions": "srt"}, 400, 'captions come with "response": "json"'),
        ({"script": "Hi.", "captions": "ass"}, 400, "captions must be one of none, srt, vtt"),
        ({"script": "Hi.", "retakes": 9}, 400, "retakes must be a whole number from 0 to 8"),
        (b"{", 400, "the body is not JSON"),
        (b"\xff", 400, "the body is not JSON"),
        (b"[" * 100_000, 400, "the body is not JSON"),
        (b"[]", 400, "the body must be a JSON object"),
    ],
)
def test_conversations_that_cannot_be_are_refused_with_the_reason(
    open_api: Callable[..., Api], asked: Any, status: int, message: str
) -> None:
    api = open_api(max_script_characters=500)
    if isinstance(asked, dict):
        asked = {"response_format": "wav", **asked}
    answer = api.post("dialogue", asked)
    assert answer.status_code == status
    assert re.search(message, answer.json()["error"]["message"])


def test_many_notes_are_counted_in_the_header(
    api: Api,
) -> None:
    script = "\n".join(f"[S1] Hello *cough* number {n}." for n in range(40))
    answer = api.post("dialogue", {"script": script, "response_format": "wav"})
    assert answer.headers["x-colloquy-notes"] == "41 notes"
    few = api.post("dialogue", {"script": "[S1] Hi \U0001f600.", "response_format": "wav"})
    assert "S1 was given no voice and speaks as 'anna'" in few.headers["x-colloquy-notes"]


def test_nothing_is_left_in_the_folder_for_temporary_files(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    api.say()
    api.post("dialogue", {"script": "[S1] Hi.", "response": "json", "response_format": "wav"})
    assert list(folder.iterdir()) == []
