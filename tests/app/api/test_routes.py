import base64
import contextlib
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
import pytest

from app.api.encoding import MEDIA_TYPES, offered_formats
from app.backend.job import Run
from app.backend.pipeline_pool import PipelinePool
from pipeline.errors import ConfigError
from pipeline.voices.voice_file import save_voice
from tests.app.live_server import (
    LONG_S,
    Api,
    held_before_mixing,
    seconds_of,
    serve_api,
    wait_until,
)
from tests.app.tone_pipeline import TURN_S, TonePipeline, talk_s

MAGIC = {
    "mp3": (b"ID3", b"\xff"),
    "opus": (b"OggS",),
    "aac": (b"ID3", b"\xff"),
    "flac": (b"fLaC",),
    "wav": (b"RIFF",),
}
"""Format -> how its files may begin."""


@pytest.fixture
def open_api(pool: PipelinePool) -> Iterator[Callable[..., Api]]:
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(serve_api(pool, **settings))


@pytest.fixture
def api(open_api: Callable[..., Api]) -> Api:
    return open_api()


@pytest.fixture
def gate(pipeline: TonePipeline) -> Iterator[threading.Event]:
    with held_before_mixing(pipeline) as may_end:
        yield may_end


def test_speech_is_had_with_the_usual_client(api: Api, pipeline: TonePipeline) -> None:
    assert seconds_of(api.say()) == pytest.approx(TURN_S)
    assert [voice and voice.name for voice in pipeline.cast.values()] == ["anna"]
    api.say(voice={"id": "ben"})
    assert [voice and voice.name for voice in pipeline.cast.values()] == ["ben"]


@pytest.mark.parametrize("sound_format", MAGIC)
def test_every_format_that_can_be_made_is_what_it_says(api: Api, sound_format: str) -> None:
    if sound_format not in offered_formats():
        pytest.skip(f"{sound_format} cannot be made here")
    answer = api.client.audio.speech.create(
        model="colloquy", voice="anna", input="Hello.", response_format=sound_format
    )
    assert answer.response.headers["content-type"] == MEDIA_TYPES[sound_format]
    assert answer.content.startswith(MAGIC[sound_format])
    assert int(answer.response.headers["content-length"]) == len(answer.content)


def test_pcm_is_24_khz_16_bit_mono_without_a_header(api: Api) -> None:
    pcm = api.say(response_format="pcm", extra_body={"seed": 3})
    n_samples = round(TURN_S * 24_000)
    assert len(pcm) == 2 * n_samples
    samples = struct.unpack(f"<{n_samples}h", pcm)
    assert max(samples[500:-500]) == pytest.approx(0.1 * 32767, rel=0.02)


def test_mp3_is_what_is_sent_unless_asked_otherwise(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.requests.offered_formats", lambda: ["wav", "pcm"])
    with pytest.raises(openai.BadRequestError, match="mp3 cannot be made here; what can: wav"):
        api.client.audio.speech.create(model="colloquy", voice="anna", input="Hello.")


@pytest.mark.parametrize(
    "words",
    [
        "a {brace}, a |bar| and a [S2] marker",
        "Anna: this is no name",
        "[S1] Hello. [S2 pace=0.5] Hi!",
        "<Person2>x</Person2> (S2) {pause 3} {a|b} \\{ \\",
        "}{",
        '[{"speaker": "S2", "text": "json"}]',
    ],
)
def test_input_is_plain_words_whatever_is_in_it(
    api: Api, pipeline: TonePipeline, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = []
    speak = pipeline.synthesize
    monkeypatch.setattr(
        pipeline, "synthesize", lambda *given: (spoken.append(given[0]), speak(*given))[1]
    )
    api.say("Say " + words)
    (turn,) = pipeline.parse(spoken[0]).turns
    assert (turn.speaker, turn.spoken_text, turn.pauses) == ("S1", "Say " + words, ())


def test_long_input_is_spoken_as_several_turns_of_one_speaker(
    api: Api, pipeline: TonePipeline
) -> None:
    text = "This sentence is said again and again.\n" * 100
    assert seconds_of(api.say(text)) == pytest.approx(talk_s(4))
    assert list(pipeline.cast) == ["S1"]


def test_what_has_no_effect_is_told(api: Api) -> None:
    answer = api.client.audio.speech.create(
        model="colloquy-small",
        voice="anna",
        input="Hello.",
        response_format="wav",
        instructions="Sound glad.",
    )
    assert answer.response.headers["x-colloquy-ignored"] == "instructions"


def test_sound_comes_as_events_if_asked_for(api: Api) -> None:
    asked = {"model": "colloquy", "voice": "anna", "input": "Hi.", "response_format": "wav"}
    answer = api.post("speech", {**asked, "stream_format": "sse", "seed": 5})
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.text.split("\n\n") if line]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert events[-1]["type"] == "speech.audio.done"
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert sound == api.say("Hi.", extra_body={"seed": 5})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": "  "}, "input must be there, as words"),
        ({"input": "?!"}, "nothing that can be spoken"),
        ({"input": "\ud800"}, "nothing to say"),
        ({"input": "a" * 501}, "input has 501 characters, at most 500"),
        ({"voice": None}, "voice must be there, as a name"),
        ({"voice": ["anna"]}, "voice must be there, as a name"),
        ({"speed": 0.3}, "speed 0.3 is beyond these voices; they speak at 0.5 to 2"),
        ({"speed": 4.5}, "speed must be a number from 0.25 to 4"),
        ({"speed": "fast"}, "speed must be a number"),
        ({"response_format": "midi"}, "response_format must be one of mp3, opus"),
        ({"stream_format": "tape"}, "stream_format must be one of audio, sse"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"tempo": 1}, "there is no field 'tempo'"),
    ],
)
def test_what_cannot_work_is_a_bad_request(
    open_api: Callable[..., Api], change: dict[str, Any], message: str
) -> None:
    api = open_api(max_script_characters=500)
    asked = {"model": "colloquy", "voice": "anna", "input": "Hello.", "response_format": "wav"}
    answer = api.post("speech", {**asked, **change})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert re.search(message, error["message"])


def test_a_bad_request_is_one_for_the_client_too(api: Api) -> None:
    with pytest.raises(openai.BadRequestError, match="speed 3 is beyond") as caught:
        api.say(speed=3.0)
    assert (caught.value.param, caught.value.code) == ("speed", "invalid_value")


@pytest.mark.parametrize("voice", ["alloy", "../anna", "/etc/passwd", "(surprise me)", "ANNA"])
def test_a_voice_is_found_by_name_only(api: Api, voice: str) -> None:
    with pytest.raises(openai.NotFoundError, match=r"there is no voice .*; there are anna, ben"):
        api.say(voice=voice)


def test_not_even_the_path_of_a_true_voice_is_read(
    api: Api, pipeline: TonePipeline, tmp_path: Path
) -> None:
    path = tmp_path / "real.safetensors"
    save_voice(path, pipeline.voices["anna"])
    with pytest.raises(openai.NotFoundError, match="there is no voice"):
        api.say(voice=str(path))


def test_an_added_voice_speaks_by_its_name(
    api: Api, pool: PipelinePool, pipeline: TonePipeline, recordings: dict[str, Path]
) -> None:
    pool.add_voice("clara", recordings["good"], "mine")
    api.say(voice="clara")
    assert [voice and voice.name for voice in pipeline.cast.values()] == ["clara"]
    names = httpx.get(f"{api.url}/v1/audio/voices").json()["data"]
    assert [(row["name"], row["built_in"]) for row in names] == [
        ("anna", True),
        ("ben", True),
        ("clara", False),
    ]


def test_models_are_listed_and_others_are_not_found(api: Api) -> None:
    ids = [model.id for model in api.client.models.list()]
    assert ids == ["colloquy", "colloquy-small"]
    assert api.client.models.retrieve("colloquy-small").owned_by == "colloquy"
    with pytest.raises(openai.NotFoundError, match="there is no model 'tts-9'"):
        api.client.models.retrieve("tts-9")
    with pytest.raises(openai.NotFoundError, match="there is no model 'tts-1'"):
        api.say(model="tts-1")


def test_a_folder_of_weights_is_named_without_its_path(open_api: Callable[..., Api]) -> None:
    api = open_api(model="/home/ann/weights/mine")
    assert [model.id for model in api.client.models.list()] == ["colloquy", "colloquy-mine"]


def test_other_addresses_are_refused_in_the_same_form(api: Api) -> None:
    with pytest.raises(openai.NotFoundError, match="there is no POST /v1/chat/completions"):
        api.client.chat.completions.create(model="colloquy", messages=[])


@pytest.mark.parametrize("key", ["wrong", "secret ", "secret2", "sécret"])
def test_without_the_key_nothing_is_answered(open_api: Callable[..., Api], key: str) -> None:
    api = open_api(api_key="secret")
    for header in (f"Bearer {key}x", "Basic secret", "secret", "Bearer"):
        sent = {"Authorization": header.encode()}
        for path in ("models", "audio/voices", "nonsense"):
            assert httpx.get(f"{api.url}/v1/{path}", headers=sent).status_code == 401
    with pytest.raises(openai.AuthenticationError, match="missing or wrong; send it as"):
        api.say()
    api.client = api.new_client("secret")
    assert api.say()


def test_two_clients_at_once_both_get_theirs(api: Api) -> None:
    with ThreadPoolExecutor(2) as pool:
        texts = ["One.", "One. " * 300]
        first, second = pool.map(api.say, texts)
    assert seconds_of(first) == pytest.approx(TURN_S)
    assert seconds_of(second) == pytest.approx(talk_s(2))


def test_a_full_queue_asks_to_come_back(
    open_api: Callable[..., Api], gate: threading.Event
) -> None:
    api = open_api(queue_length=1)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(api.say) for _ in range(2)]
        wait_until(lambda: api.queue.n_waiting + api.queue.n_running == 2)
        assert httpx.get(f"{api.url}/v1/models").status_code == 200, "others are still answered"
        with pytest.raises(
            openai.RateLimitError, match=r"1 run is waiting, about .* s; please"
        ) as e:
            api.say()
        assert int(e.value.response.headers["retry-after"]) >= 1
        assert e.value.code == "queue_full"
        gate.set()
        assert [seconds_of(done.result(LONG_S)) for done in waiting] == pytest.approx([TURN_S] * 2)
    assert b'colloquy_refused_total{door="api"} 1.0' in api.metrics.text()


def test_a_client_that_goes_away_stops_its_run(api: Api, gate: threading.Event) -> None:
    ended: list[Run[Any]] = []
    api.queue.on_finished(ended.append)
    first = _ask_and_stay(api)
    wait_until(lambda: api.queue.n_running == 1)
    second = _ask_and_stay(api)
    wait_until(lambda: api.queue.n_waiting == 1)
    second.close()  # it only waits: it leaves at once
    wait_until(lambda: len(ended) == 1)
    assert api.queue.n_waiting == 0
    first.close()
    wait_until(lambda: all(run.is_cancelled for run in api.queue.runs()))
    gate.set()
    wait_until(lambda: len(ended) == 2)
    assert {run.outcome for run in ended} == {"cancelled"}


def _ask_and_stay(api: Api) -> socket.socket:
    """A connection on which speech was asked for."""
    parts = urlsplit(api.url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=LONG_S)
    asked = {"model": "colloquy", "voice": "anna", "input": "Hi.", "response_format": "wav"}
    body = json.dumps(asked)
    head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall((head + body).encode())
    return connection


def test_a_closed_queue_answers_that_the_server_stops(api: Api) -> None:
    api.queue.close()
    with pytest.raises(openai.InternalServerError, match="the server is stopping"):
        api.say()


def test_work_stopped_by_the_server_is_told(api: Api, gate: threading.Event) -> None:
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(api.say)
        wait_until(lambda: api.queue.n_running == 1)
        api.queue.close()
        gate.set()
        with pytest.raises(openai.InternalServerError, match="the work was stopped"):
            asking.result(LONG_S)


def test_what_breaks_inside_is_logged_and_not_told(
    api: Api, pipeline: TonePipeline, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(stage: str) -> None:
        raise RuntimeError("/secret/path")

    pipeline.before_stage = fail
    with pytest.raises(openai.InternalServerError) as caught:
        api.say()
    assert "secret" not in str(caught.value)
    assert "/secret/path" in caplog.text


def test_what_the_weights_cannot_do_is_a_bad_request(api: Api, pipeline: TonePipeline) -> None:
    def fail(stage: str) -> None:
        raise ConfigError("no retakes here")

    pipeline.before_stage = fail
    answer = api.post("dialogue", {"script": "[S1] Hi.", "retakes": 2, "response_format": "wav"})
    assert (answer.status_code, pipeline.options.max_retakes) == (400, 2)
    assert answer.json()["error"]["message"] == "no retakes here"
