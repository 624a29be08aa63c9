"""How the page bears a crowd: many visitors generate at once while others only look at it.

A server of our own, at 127.0.0.1 alone, is asked as browsers ask it: every visitor keeps a page
open, joins the queue with a script of their own, and watches. `python -m benchmarks.load
--json` prints one JSON object a line.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from benchmarks.load.crowd import Crowd, CrowdConfig, Visit
from benchmarks.tables import Row, to_markdown
from pipeline.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
START_S = 120.0
"""Longest wait for the server to be ready."""

STOP_S = 20.0
"""Longest wait for it to end by itself."""


@contextlib.contextmanager
def running_server(model: str, queue_length: int, folder: Path) -> Iterator[tuple[str, int]]:
    """Start the page in a process of its own, until the end of the block.

    Args:
        model: a shipped size or a folder of weights.
        queue_length: most runs that wait.
        folder: for visitors' files and the server's log.

    Yields:
        Its address and the number of its process.

    Raises:
        ConfigError: if it does not answer in time.
    """
    port = free_port()
    flags = {"host": HOST, "port": port, "model": model, "queue-length": queue_length}
    command = [sys.executable, str(ROOT / "app.py"), *(f"--{k}={v}" for k, v in flags.items())]
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder / "files")}
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):  # nobody is to see it
        environment.pop(name, None)
    log_path = folder / "server.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            url = f"http://{HOST}:{port}"
            if not _answers(url, process):
                end = log_path.read_text(encoding="utf-8", errors="replace")[-2_000:]
                raise ConfigError(f"the server did not start within {START_S:g} s; it says: {end}")
            yield url, process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/health", timeout=5).is_success:
                return True
        time.sleep(0.2)
    return False


def measure(url: str, process: int, config: CrowdConfig) -> tuple[list[Row], list[Visit]]:
    """Send a crowd to a server that runs.

    Args:
        url: of the page.
        process: number of the server's.
        config: how many come, and how long all of it may take.

    Returns:
        Rows of figures, and the visits that were refused as the queue was full.
    """
    crowd = Crowd(url, process, config)
    asyncio.run(crowd.come())
    waits = {name: latency_row(name, spent) for name, spent in crowd.answers.items()}
    rows = [visits_row(crowd.visits, crowd.bystanders_s), *waits.values()]
    return [*rows, memory_row(crowd.memory)], [visit for visit in crowd.visits if visit.told]


def visits_row(visits: Sequence[Visit], wall_s: float) -> Row:
    """Who was served, in which order, and whether each was given their own words and files.

    Args:
        visits: in the order they came.
        wall_s: from the first to the last.
    """
    served = [visit for visit in visits if visit.is_served]
    waits = sorted(visit.ended_s - visit.joined_s for visit in served)
    begun = [visit.number for visit in sorted(served, key=lambda visit: visit.begun_s)]
    ended = [visit.number for visit in sorted(served, key=lambda visit: visit.ended_s)]
    come = [visit.number for visit in served]
    files = [path for visit in served for path in visit.files]
    values = {
        "came": len(visits),
        "served": len(served),
        "refused": sum(1 for visit in visits if visit.told),
        "begun_in_order": begun == come,
        "ended_in_order": ended == come,
        "own_words": sum(visit.has_own_words for visit in served),
        "files_of_two": len(files) - len(set(files)),
        "wall_s": wall_s,
        "first_s": waits[0] if waits else 0.0,
        "last_s": waits[-1] if waits else 0.0,
    }
    return Row(name="visitors", values={name: float(value) for name, value in values.items()})


def latency_row(name: str, spent: Sequence[float]) -> Row:
    """Seconds that answers took."""
    ordered = sorted(spent)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    figures = {"answers": float(len(ordered))}
    if ordered:
        figures |= {"p50_s": at(0.5), "p95_s": at(0.95), "max_s": ordered[-1]}
    return Row(name=name, values=figures)


def memory_row(resident_mb: Sequence[float]) -> Row:
    """Memory of the server, from samples at equal distances.

    `growth_mb` is how much more it held in the last tenth than in the tenth in the middle.
    """
    n, tenth = len(resident_mb), max(1, len(resident_mb) // 10)
    middle, last = resident_mb[n // 2 : n // 2 + tenth], resident_mb[-tenth:]
    return Row(
        name="memory",
        values={
            "before_mb": resident_mb[0],
            "peak_mb": max(resident_mb),
            "after_mb": resident_mb[-1],
            "growth_mb": sum(last) / len(last) - sum(middle) / len(middle),
        },
    )


def main(argv: Sequence[str] | None = None) -> None:
    """`python -m benchmarks.load [--visitors 50] [--queue-length 50] [--json]`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="small")
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--queue-length", type=int, default=50)
    parser.add_argument("--limit-s", type=float, default=600.0, help="for all of it")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, no table")
    options = parser.parse_args(argv)
    config = CrowdConfig(n_visitors=options.visitors, limit_s=options.limit_s)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(options.model, options.queue_length, Path(folder)) as (url, process),
    ):
        rows, refused = measure(url, process, config)
    if options.json:
        for row in rows:
            print(json.dumps({"name": row.name, **row.values}), flush=True)
        for visit in refused:
            told = {"name": "refused", "visitor": visit.number, "told": visit.told}
            print(json.dumps(told), flush=True)
        return
    for row in rows:
        print(to_markdown([row]))
    for visit in refused:
        print(f"visitor {visit.number} was told: {visit.told}")
