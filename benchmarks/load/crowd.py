"""Visitors of a page that runs: they generate, all at once, while others look at it."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from pipeline.errors import DialogueError

API = "/gradio_api"
SCRIPT = "[S1] I am visitor number {number}.\n[S2] Then I come before number {following}."
ITS_TURN = "It is your turn"
PROBE_S = 0.25
"""Between two looks at the page."""

MEMORY_S = 0.25
"""Between two looks at the server's memory."""

MOST_LATE = 40
"""Most visitors that come beside the wanted ones until one is refused."""


class CrowdError(DialogueError):
    """A server that does not answer as a page of ours does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdConfig:
    """How many come.

    Attributes:
        n_visitors: who should all be served.
        limit_s: longest time for all of it.
        n_late: most who come after them, until one is refused.
    """

    n_visitors: int
    limit_s: float
    n_late: int = MOST_LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """How it went for one visitor; times are seconds of one clock.

    Attributes:
        number: of the visitor, in the order they came.
        joined_s: when the queue had taken them.
        begun_s: when they were told that it is their turn.
        ended_s: when all was there, or refused.
        texts: of the captions they were given.
        files: addresses of the files they were given.
        sound_bytes: length of the sound they fetched.
        told: why they were refused; empty if they were served.
    """

    number: int
    joined_s: float
    begun_s: float
    ended_s: float
    texts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    sound_bytes: int = 0
    told: str = ""

    @property
    def is_served(self) -> bool:
        """Whether there is a sound."""
        return not self.told and self.sound_bytes > 0

    @property
    def has_own_words(self) -> bool:
        """Whether the captions say what this visitor's script said, and nothing else."""
        return self.texts == tuple(line[5:] for line in script_of(self.number).splitlines())


def script_of(number: int) -> str:
    """Two turns that no other visitor's script has."""
    return SCRIPT.format(number=number, following=number + 1)


class Crowd:
    """Comes to one server.

    Args:
        url: of the page.
        process: number of the server's, whose memory is looked at.
        config: how many come.
    """

    def __init__(self, url: str, process: int, config: CrowdConfig) -> None:
        self._url, self._process, self._config = url, process, config
        self.visits: list[Visit] = []
        self.answers: dict[str, list[float]] = {"page": [], "health": [], "check_script": []}
        self.memory: list[float] = []
        self.bystanders_s = 0.0

    async def come(self) -> None:
        """All visitors come, and wait until they are served.

        Raises:
            CrowdError: if the server answers in another way than a page of ours.
            TimeoutError: if it takes longer than allowed.
        """
        limits = httpx.Limits(max_connections=None)
        async with (
            asyncio.timeout(self._config.limit_s),
            httpx.AsyncClient(base_url=self._url, limits=limits, timeout=120) as client,
        ):
            page = _Page(client, (await _get(client, "/config")).json())
            await (await page.join(0))  # the first one finds everything cold, and does not count
            begun = time.monotonic()
            async with asyncio.TaskGroup() as group:
                looking = [
                    group.create_task(self._look(client, page)),
                    group.create_task(self._weigh()),
                ]
                self.visits = await self._visit(page)
                self.bystanders_s = time.monotonic() - begun
                for task in looking:
                    task.cancel()
        self.memory.append(resident_mb(self._process))

    async def _visit(self, page: "_Page") -> list[Visit]:
        """Join one after the other, without waiting for anybody to be served."""
        visits = [await page.join(number + 1) for number in range(self._config.n_visitors)]
        for number in range(self._config.n_late):
            late = await page.join(len(visits) + 1)
            visits.append(late)
            done, _ = await asyncio.wait([late], timeout=0.3)
            if (done and late.result().told) or number + 1 == self._config.n_late:
                break
        return list(await asyncio.gather(*visits))

    async def _look(self, client: httpx.AsyncClient, page: "_Page") -> None:
        """Time what somebody notices who only looks."""
        looks: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
            "page": lambda: _get(client, "/"),
            "health": lambda: _get(client, "/health"),
            "check_script": lambda: page.check(script_of(7)),
        }
        while True:
            for name, ask in looks.items():
                begun = time.monotonic()
                await ask()
                self.answers[name].append(time.monotonic() - begun)
            await asyncio.sleep(PROBE_S)

    async def _weigh(self) -> None:
        while True:
            self.memory.append(resident_mb(self._process))
            await asyncio.sleep(MEMORY_S)


class _Page:
    """Asks as the page in a browser asks.

    Args:
        client: for its server.
        config: of the page, as the browser reads it.
    """

    def __init__(self, client: httpx.AsyncClient, config: Mapping[str, Any]) -> None:
        self._client = client
        parts = {part["id"]: part["props"] for part in config["components"]}
        named = {event["api_name"]: event for event in config["dependencies"]}
        self._generate, self._check = named["generate"], named["check_script"]
        self._form = [parts[part].get("value") for part in self._generate["inputs"]]

    async def check(self, script: str) -> httpx.Response:
        """Have a script checked while it is typed."""
        data: list[Any] = [script, None, []]
        body = {"data": data, "fn_index": self._check["id"], "session_hash": "onlooker"}
        return _expect(await self._client.post(f"{API}/run/check_script", json=body))

    async def join(self, number: int) -> asyncio.Task[Visit]:
        """Join the queue.

        Returns:
            What ends with the visit.
        """
        session = secrets.token_hex(6)
        data = [script_of(number), *self._form[1:]]
        body = {"data": data, "fn_index": self._generate["id"], "session_hash": session}
        _expect(await self._client.post(f"{API}/queue/join", json=body))
        return asyncio.create_task(self._wait(session, number, time.monotonic()))

    async def _wait(self, session: str, number: int, joined_s: float) -> Visit:
        open_page = asyncio.create_task(self._keep_open(session))
        begun_s = joined_s
        try:
            async for line in self._events(session):
                if ITS_TURN in line:
                    begun_s = time.monotonic()
                if '"process_completed"' in line:
                    event = json.loads(line.removeprefix("data:"))
                    return await self._end(event, number, joined_s, begun_s)
        finally:
            open_page.cancel()
        raise CrowdError(f"the page told visitor {number} nothing more before the end")

    async def _events(self, session: str) -> AsyncIterator[str]:
        asked = self._client.stream("GET", f"{API}/queue/data", params={"session_hash": session})
        async with asked as answer:
            async for line in answer.aiter_lines():
                yield line

    async def _keep_open(self, session: str) -> None:
        """As long as this lasts, the server takes the page for open."""
        with contextlib.suppress(httpx.TransportError):
            async with self._client.stream("GET", f"{API}/heartbeat/{session}") as answer:
                async for _ in answer.aiter_bytes():
                    pass

    async def _end(
        self, event: Mapping[str, Any], number: int, joined_s: float, begun_s: float
    ) -> Visit:
        ended_s, output = time.monotonic(), event["output"]
        if not event["success"]:
            told = str(output.get("error"))
            return Visit(
                number=number, joined_s=joined_s, begun_s=begun_s, ended_s=ended_s, told=told
            )
        files = _files(output["data"])
        sounds = [file for file in files if file.endswith(".wav")]
        subtitles = [value["subtitles"] for value in _objects(output["data"], "subtitles")]
        if not sounds or len(subtitles) != 1:
            raise CrowdError(f"visitor {number} was given {len(sounds)} sounds with captions")
        sound = await _get(self._client, sounds[0])
        return Visit(
            number=number,
            joined_s=joined_s,
            begun_s=begun_s,
            ended_s=ended_s,
            texts=tuple(line["text"].partition(": ")[2] for line in subtitles[0]),
            files=tuple(sorted(set(files))),
            sound_bytes=len(sound.content),
        )


def _objects(value: Any, key: str) -> list[Mapping[str, Any]]:
    """All objects inside a JSON value that have a key."""
    if isinstance(value, Mapping):
        found = [value] if key in value else []
        return found + [each for inner in value.values() for each in _objects(inner, key)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [each for inner in value for each in _objects(inner, key)]
    return []


def _files(data: Any) -> list[str]:
    return [str(file["url"]) for file in _objects(data, "url") if file["url"]]


async def _get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return _expect(await client.get(path))


def _expect(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise CrowdError(f"{answer.url.path} answered {answer.status_code}: {answer.text[:200]}")
    return answer


def resident_mb(process: int) -> float:
    """What a process holds in memory now, in MiB.

    Raises:
        CrowdError: where the system does not tell.
    """
    status = Path(f"/proc/{process}/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.is_file() else []
    for line in lines:
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise CrowdError(f"the memory of process {process} cannot be read; this needs Linux")
