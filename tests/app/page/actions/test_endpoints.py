"""Programs that call a running server, with the clients they would really use."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.app.live_page import LivePage, live_page, speak_page
from tests.app.tone_pipeline import talk_s

SCRIPT = "Anna: Hello.\nBen: Hi."
TABLE_AT = 4
"""Where the table of turns stands among what the page's events give."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePage]:
    with live_page(tmp_path_factory.mktemp("programs"), mcp=True) as running:
        yield running


@pytest.fixture(scope="module")
def client(page: LivePage) -> Client:
    return page.client("program")


def test_a_script_becomes_a_wav_file_and_what_there_is_to_know(
    page: LivePage, client: Client
) -> None:
    path, told = client.predict(SCRIPT, {"Anna": "ben", "S2": "surprise"}, 5, 0, api_name="/speak")
    assert soundfile.info(path).format == "WAV"
    assert soundfile.info(path).duration == pytest.approx(talk_s(2))
    assert (told["seed"], told["duration_s"]) == (5, pytest.approx(talk_s(2)))
    assert [caption["name"] for caption in told["captions"]] == ["Anna", "Ben"]
    assert told["srt"].startswith("1\n00:00:00,000 -->")
    cast = {speaker: voice and voice.name for speaker, voice in page.pipeline.cast.items()}
    assert cast == {"S1": "ben", "S2": None}


def test_the_same_request_gives_the_same_bytes(client: Client) -> None:
    first, second = (
        Path(client.predict(SCRIPT, None, 5, 0, api_name="/speak")[0]).read_bytes()
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("Anna: ?!",), "Line 1: '.!' has nothing that can be spoken"),
        (("",), "script is empty"),
        ((SCRIPT, {"Anna": "zoe"}), "no voice 'zoe' for Anna; choose one of anna, ben, or"),
        ((SCRIPT, {"Anna": "/etc/passwd"}), "no voice '/etc/passwd'"),
        ((SCRIPT, {"Anna": "../../etc/passwd"}), "no voice"),
        ((SCRIPT, {"Zoe": "anna"}), "given for 'Zoe', who is not in the script"),
        ((SCRIPT, None, -1), "seed must be a whole number"),
        ((SCRIPT, None, 0, 99), "retakes must be a whole number"),
    ],
)
def test_what_is_wrong_is_told_in_words(given: tuple[Any, ...], words: str, client: Client) -> None:
    with pytest.raises(AppError, match=words):
        client.predict(*given, api_name="/speak")


def test_voices_scripts_and_costs_are_told(client: Client) -> None:
    assert client.predict(api_name="/voices") == [
        {"name": name, "description": f"the voice of {name}"} for name in ("anna", "ben")
    ]
    size = client.predict(SCRIPT, api_name="/estimate")
    assert (size["turns"], size["characters"]) == (2, 9)
    assert size["computing_s"] > 0
    read = client.predict("Anna: {pace 0.9} To {Worcester|wuster}.", api_name="/parse")
    assert read["speakers"] == {"S1": "Anna"}
    (turn,) = read["turns"]
    assert (turn["text"], turn["said"], turn["pace"]) == ("To Worcester.", "To wuster.", 0.9)
    for name in ("/estimate", "/parse"):
        with pytest.raises(AppError, match="script is empty"):
            client.predict("", api_name=name)


def test_clients_at_the_same_time_each_get_their_own_dialogue(page: LivePage) -> None:
    names = ["Ada", "Bob", "Cleo"]

    def visit(name: str) -> list[Any]:
        client = page.client(name)
        text = f"{name}: One.\nMore {name}: Two."
        seen = [speak_page(client, text, seed=len(name))]
        for _ in range(2):
            seen.append(client.predict(2, "Two.", 1.0, "", text, api_name="/redo_turn"))
        seen.append(client.predict(1, True, api_name="/lock_turn"))
        return seen

    with ThreadPoolExecutor(len(names)) as pool:
        visits = list(pool.map(visit, names))
    for name, seen in zip(names, visits, strict=True):
        spoken, *redone, locked = [result[TABLE_AT] for result in seen]
        for table in (spoken, *redone, locked):
            assert [row["speaker"] for row in table["rows"]] == [name, f"More {name}"]
        assert [table["rows"][1]["takes"] for table in redone] == ["2 of 2", "3 of 3"]
        assert [row["locked"] for row in locked["rows"]] == [True, False]


def test_a_client_that_made_nothing_has_nothing_to_change(page: LivePage) -> None:
    stranger = page.client("stranger")
    for given, name in (((1, True), "/lock_turn"), ((["mix"], "wav"), "/export")):
        with pytest.raises(AppError, match="no dialogue yet; generate one first"):
            stranger.predict(*given, api_name=name)


def test_a_path_that_is_guessed_is_not_found(page: LivePage, client: Client) -> None:
    speak_page(client, SCRIPT)
    for path in (
        page.cache / ("0" * 40) / "dialogue.wav",
        page.cache / "dialogue.wav",
        page.cache,
        Path("/etc/passwd"),
        page.cache / ".." / "voices",
    ):
        found = httpx.get(f"{page.url}/gradio_api/file={path}")
        assert found.status_code in (403, 404), path
    guessed = httpx.get(f"{page.url}/gradio_api/file={page.cache}/{'0' * 40}/dialogue.wav")
    assert guessed.status_code == 404


def test_language_models_find_and_use_the_tools(page: LivePage) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def use() -> tuple[dict[str, str], str]:
        address = f"{page.url}/gradio_api/mcp/"
        async with (
            streamablehttp_client(address) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {
                tool.name: tool.description or "" for tool in (await session.list_tools()).tools
            }
            answer = await session.call_tool("voices", {})
            assert not answer.isError
            return tools, str(answer.content)

    tools, voices = asyncio.run(use())
    assert tools.keys() == {"speak", "voices", "estimate", "parse"}
    assert "Speak a dialogue script" in tools["speak"]
    assert "the voice of anna" in voices
