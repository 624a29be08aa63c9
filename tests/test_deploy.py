"""What hosting relies on: the header of README, the Dockerfile, the table of settings."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import fields
from pathlib import Path

import pytest

from app.settings import ServiceConfig

ROOT = Path(__file__).parent.parent
START_S = 90


def _docker_lines(instruction: str) -> list[str]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(rf"^{instruction} +(.+)$", text, re.MULTILINE)


def _copied() -> list[str]:
    return [source for line in _docker_lines("COPY") for source in line.split()[:-1]]


def _header() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1]


def test_the_header_names_the_pinned_gradio_and_an_existing_app() -> None:
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = re.search(r"^gradio==(\S+)$", requirements, re.MULTILINE)
    assert pinned
    assert f"sdk_version: {pinned[1]}\n" in _header()
    (app_file,) = re.findall(r"^app_file: (\S+)$", _header(), re.MULTILINE)
    assert (ROOT / app_file).is_file()


def test_image_and_header_agree_on_python() -> None:
    (base,) = _docker_lines("FROM")
    (version,) = re.findall(r'^python_version: "([\d.]+)"$', _header(), re.MULTILINE)
    assert base.startswith(f"python:{version}-")


def test_the_image_does_not_run_as_root() -> None:
    assert _docker_lines("USER") == ["colloquy"]


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for source in _copied():
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_the_table_of_settings_is_complete() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*?) ?\|", text, re.MULTILINE))
    assert rows
    assert set(rows) == {setting.name for setting in fields(ServiceConfig)}
    usual = ServiceConfig()
    for name in ("queue_length", "runs_at_once", "max_script_characters", "max_upload_mb"):
        assert rows[name] == str(getattr(usual, name))
    for name in ("max_recording_s", "keep_after_leaving_s", "keep_results_s"):
        assert rows[name] == f"{getattr(usual, name):.0f}"


@pytest.mark.slow
def test_what_the_image_copies_is_enough_to_start(tmp_path: Path) -> None:
    for source in _copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / source)
        else:
            shutil.copy(ROOT / source, tmp_path / source)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"COLLOQUY_PORT": str(port), "GRADIO_TEMP_DIR": str(tmp_path / "files")}
    environment = {**os.environ, **settings, "PYTHONPATH": ""}
    server = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert _answers(f"http://127.0.0.1:{port}/health"), server.stdout and server.poll()
    finally:
        server.kill()
        server.communicate()


def _answers(url: str) -> bool:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    return False
