"""Visitors beside each other, a page opened again, and a server that dies and comes back."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.browser.conftest import HeldPool, VisitMaker
from tests.browser.visit import ROOT, SCRIPT

pytestmark = pytest.mark.slow

OTHER_SCRIPT = "Carl: The tide is low today.\nDora: Then we can cross on foot."
LONG_SCRIPT = "\n".join(
    f"{name}: Line {number} of a long talk about the weather, the boats and the harbour."
    for number, name in enumerate(["Anna", "Ben"] * 20)
)


def test_two_visitors_meet_nothing_of_each_other(visit: VisitMaker, held: HeldPool) -> None:
    one, other = visit(), visit(360, "dark")
    one.write(f"{SCRIPT}\nBen: Please wait for me.")
    other.write(OTHER_SCRIPT)
    one.button("Generate").click()
    assert held.reached.wait(30)
    assert "Ready" in other.status()
    assert "Anna" not in other.at("#turns").inner_text()
    held.may_go_on.set()
    one.shows("#status", "Done")
    other.generate()
    assert other.script() == OTHER_SCRIPT
    assert f"{SCRIPT}\nBen: Please wait for me." == one.script()
    assert "tide" not in one.at("#turns").inner_text()
    assert "river" not in other.at("#turns").inner_text()
    assert not {*one.links()} & {*other.links()}


def test_the_address_of_a_file_cannot_be_guessed(visit: VisitMaker) -> None:
    link = visit().generate(SCRIPT).links()[0]
    assert httpx.get(link).status_code == 200
    *start, token, folder, name = link.split("/")
    for wrong in ((_other(token), folder, name), (token, _other(folder), name)):
        assert httpx.get("/".join([*start, *wrong])).status_code in (403, 404)


def _other(name: str) -> str:
    return name[:-1] + ("0" if name[-1] != "0" else "1")


def test_a_page_opened_again_shows_script_and_dialogue(visit: VisitMaker) -> None:
    stranger = visit().generate(SCRIPT)
    sound = stranger.fetch("dialogue.wav")
    stranger.page.reload()
    stranger.wait_until_open()
    stranger.shows("#status", "here again")
    stranger.shows("#turns", "Shall we walk")
    assert stranger.script() == SCRIPT
    assert stranger.fetch("dialogue.wav") == sound
    stranger.do(stranger.row(1).locator("[data-action=redo]"))
    stranger.shows("#turns", "2 of 2")


@contextmanager
def _process(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own, which may be killed meanwhile."""
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder), "OMP_WAIT_POLICY": "passive"}
    server = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield server
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait(30)


def test_a_killed_server_comes_back_and_the_script_is_still_there(
    visit: VisitMaker, surroundings: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _process(port, surroundings / "killed"):
        stranger = visit(at=f"http://127.0.0.1:{port}/")
        stranger.write(LONG_SCRIPT)
        stranger.page.wait_for_timeout(500)
        stranger.button("Generate").click()
        stranger.at("#status progress").wait_for()
    stranger.page.evaluate("() => { window.before = true; }")  # gone once the page is a new one
    stranger.page.wait_for_timeout(500)
    stranger.picture("server-gone")
    assert stranger.script() == LONG_SCRIPT
    with _process(port, surroundings / "killed"):
        stranger.page.wait_for_function("() => window.before === undefined", timeout=60_000)
        stranger.wait_until_open()
        stranger.picture("server-back")
        assert stranger.script() == LONG_SCRIPT
        stranger.generate(SCRIPT)
        stranger.shows("#status", "Done")
