"""The shape of the project: the chain of stages, who may import whom, how long a file may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE_FOLDERS = ("app", "benchmarks", "pipeline", "training")
SIDE_BRANCH = "voices"
FLOW = ("dialogue", "dialogue_editing", "synthesis")
N_STAGES = 6
MAX_LINES = 400
MAX_FILES = 12
FREE_TEST_FILES = {"test_architecture", "test_deploy", "test_docs"}
FREE_TEST_FOLDER = ROOT / "tests" / "browser"


def _sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module a file names in an import, with the import's number of leading dots."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level
            yield from ((f"{node.module}.{alias.name}", node.level) for alias in node.names)


def _imports_any(path: Path, modules: set[str]) -> list[str]:
    return sorted(
        name
        for name, _ in _imports(path)
        if any(name == module or name.startswith(f"{module}.") for module in modules)
    )


def _stage_names() -> set[str]:
    entries = (ROOT / "pipeline").iterdir()
    return {entry.stem for entry in entries if "_to_" in entry.stem}


def _flow() -> list[Path]:
    """All files that may know the order of the stages."""
    files = [ROOT / "pipeline" / f"{name}.py" for name in FLOW]
    return [*filter(Path.is_file, files), *_sources(*(f"pipeline/{name}" for name in FLOW))]


def _chain() -> list[str]:
    """Stages in order: the first word of the next is the first word of what the last one gives."""
    remaining, chain, word = _stage_names(), [], "script"
    while word != "dialogue":
        following = [name for name in remaining if name.startswith(f"{word}_to_")]
        assert len(following) == 1, f"after {chain}: {len(following)} stages take {word!r}"
        chain.append(following[0])
        remaining.discard(following[0])
        word = following[0].split("_to_")[1].split("_")[0]
    assert not remaining, f"no place in the chain: {sorted(remaining)}"
    return chain


def test_the_names_of_the_stages_give_their_order() -> None:
    assert len(_chain()) == N_STAGES


def test_the_flow_names_every_stage() -> None:
    for stage in [*_chain(), SIDE_BRANCH]:
        users = [path for path in _flow() if _imports_any(path, {f"pipeline.{stage}"})]
        assert users, f"none of {FLOW} uses {stage}"


def test_a_stage_imports_no_other_stage_and_not_the_flow() -> None:
    stages = {*_stage_names(), SIDE_BRANCH}
    for stage in stages:
        foreign = {f"pipeline.{name}" for name in [*(stages - {stage}), *FLOW]}
        for path in _sources(f"pipeline/{stage}"):
            assert _imports_any(path, foreign) == [], _name(path)


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("pipeline", {"app", "benchmarks", "training", "gradio"}),
        ("training", {"app", "benchmarks", "gradio"}),
        ("app", {"benchmarks", "training"}),
    ],
)
def test_imports_point_towards_the_pipeline_only(folder: str, forbidden: set[str]) -> None:
    for path in _sources(folder):
        assert _imports_any(path, forbidden) == [], _name(path)


def test_parsing_a_script_needs_no_torch() -> None:
    for path in _sources("pipeline/script_to_turns"):
        assert _imports_any(path, {"torch"}) == [], _name(path)


def test_only_audio_knows_soundfile() -> None:
    users = [_name(path) for path in _sources("pipeline") if _imports_any(path, {"soundfile"})]
    assert users == ["pipeline/audio/read.py", "pipeline/audio/write.py"]


def test_no_import_is_relative() -> None:
    for path in _sources(*CODE_FOLDERS, "tests"):
        assert [name for name, level in _imports(path) if level] == [], _name(path)


@pytest.mark.parametrize("path", _sources(*CODE_FOLDERS, "tests"), ids=_name)
def test_no_file_passes_the_wall(path: Path) -> None:
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= MAX_LINES, f"{n_lines} lines; which noun is missing?"


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in _sources(*CODE_FOLDERS)}), ids=_name
)
def test_no_folder_holds_more_than_a_glance(folder: Path) -> None:
    files = [path.name for path in folder.glob("*.py") if not path.name.startswith("__")]
    assert len(files) <= MAX_FILES, f"{len(files)} files; which two jobs does it have?"


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in _sources(*CODE_FOLDERS, "tests")}
    missing = [_name(folder) for folder in folders if not (folder / "__init__.py").is_file()]
    assert missing == []


def test_the_pipeline_reads_no_environment_and_sets_up_no_threads_or_logging() -> None:
    forbidden = {"environ", "getenv", "set_num_threads", "basicConfig"}
    for path in _sources("pipeline"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert used & forbidden == set(), _name(path)


def test_tests_mirror_the_tree() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        if path.stem in FREE_TEST_FILES or path.parent == FREE_TEST_FOLDER:
            continue
        folder = ROOT / path.parent.relative_to(ROOT / "tests")
        subjects = {entry.stem.strip("_") for entry in folder.iterdir() if entry.stem != "__init__"}
        subject = path.stem.removeprefix("test_")
        assert any(subject == name or subject.startswith(f"{name}_") for name in subjects), (
            f"{_name(path)} tests nothing in {_name(folder)}/"
        )


def test_the_page_starts_in_a_few_lines() -> None:
    source = (ROOT / "app.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 20
