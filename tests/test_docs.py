"""What the documents claim: their python blocks run, the paths in the tree exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE_FOLDERS = ("app", "benchmarks", "pipeline", "training")
TIMEOUT_S = 300

PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELL_BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
TREE_BLOCK = re.compile(r"^```[a-z]*\n(\.\n├.*?)^```", re.MULTILINE | re.DOTALL)
TREE_LINE = re.compile(r"^((?:│   |    )*)[├└]── (\S+)")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def _python_blocks() -> list[object]:
    """Every block as a parameter; those that load shipped weights are slow."""
    blocks = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for number, match in enumerate(PYTHON_BLOCK.finditer(text), start=1):
            code = match.group(1)
            marks = [pytest.mark.slow] if ".load(" in code else []
            blocks.append(pytest.param(code, id=f"{document.name}-{number}", marks=marks))
    return blocks


def _tree() -> list[str]:
    """Paths in the tree of `docs/tree.md`, folders with a slash at the end."""
    match = TREE_BLOCK.search((ROOT / "docs" / "tree.md").read_text(encoding="utf-8"))
    assert match, "docs/tree.md has no tree"
    paths: list[str] = []
    parents: list[str] = []
    for line in match.group(1).splitlines():
        if entry := TREE_LINE.match(line):
            depth = len(entry.group(1)) // 4
            parents = [*parents[:depth], entry.group(2)]
            paths.append("".join(parents))
    return paths


@pytest.mark.parametrize("code", _python_blocks())
def test_python_in_the_documents_runs(code: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_readme_shows_python_that_is_run() -> None:
    assert PYTHON_BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))


def test_every_path_in_the_tree_exists() -> None:
    paths = _tree()
    assert len(paths) > 50
    for path in paths:
        assert (ROOT / path).exists(), path
        assert (ROOT / path).is_dir() == path.endswith("/"), path


def test_the_tree_names_every_source_file_of_the_folders_it_opens() -> None:
    listed = set(_tree())
    opened = {f"{Path(path).parent}/" for path in listed}
    sources = [path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*.py")]
    for source in sources:
        path = source.relative_to(ROOT).as_posix()
        folder = path.rsplit("/", 1)[0] + "/"
        if folder in opened and source.name != "__init__.py":
            assert path in listed, f"docs/tree.md lacks {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_files_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_every_make_target_named_in_the_documents_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        shell = "\n".join(SHELL_BLOCK.findall(text))
        named = set(re.findall(r"^make ([a-z-]+)", shell, re.MULTILINE))
        named |= set(re.findall(r"`make ([a-z-]+)", text))
        assert named <= targets, f"{document.name} names {sorted(named - targets)}"
