"""A lent GPU, by a stand-in that pickles what crosses and runs it in another thread."""

import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.backend.voice_library import VoiceLibrary
from app.backend.zero_gpu import LEAST_S, MOST_S, GpuJob, LentGpuPipeline, find_lender
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.redo import Redo
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import CancelledError, ScriptError
from pipeline.synthesis.options import SynthesisOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions

SCRIPT = "[S1] One.\n[S2] Two.\n[S1] Three."
OPTIONS = SynthesisOptions(text=TextToSemanticOptions(strict=False))


class Platform:
    """Lends: everything crosses pickled, the work is done in another thread."""

    def __init__(self) -> None:
        self.seconds: list[int] = []
        self.refuses_after: int | None = None

    def GPU(self, duration: Callable[..., int]) -> Callable[..., Any]:  # noqa: N802 - theirs
        def decorate(work: Callable[..., Any]) -> Callable[..., Any]:
            def lent(job: GpuJob) -> Any:
                self.seconds.append(duration(job))
                if self.refuses_after == 0:
                    raise RuntimeError("You have exceeded your quota.")
                there = pickle.loads(pickle.dumps(job))
                given = _elsewhere(lambda: work(there))
                if isinstance(given, Iterator):
                    return self._turns(given)
                return pickle.loads(pickle.dumps(given))

            return lent

        return decorate

    def _turns(self, given: Iterator[Any]) -> Iterator[Any]:
        turns = _elsewhere(lambda: list(given))
        for number, turn in enumerate(turns):
            if number == self.refuses_after:
                raise RuntimeError("GPU task aborted")
            yield pickle.loads(pickle.dumps(turn))


def _elsewhere(work: Callable[[], Any]) -> Any:
    ended: list[Any] = []
    thread = threading.Thread(target=lambda: ended.append(work()))
    thread.start()
    thread.join()
    return ended[0]


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def plain(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, "cpu")


@pytest.fixture
def lent(plain: DialoguePipeline, tiny_models: Path, platform: Platform) -> LentGpuPipeline:
    return LentGpuPipeline(DialoguePipeline.load(tiny_models, "cpu"), plain, platform.GPU)


def _same(one: Dialogue, other: Dialogue) -> bool:
    return bool((one.mix.samples == other.mix.samples).all())


def test_what_is_lent_speaks_as_the_pipeline_does(
    lent: LentGpuPipeline, plain: DialoguePipeline, platform: Platform
) -> None:
    spoken = lent.synthesize(SCRIPT, None, 3, OPTIONS)
    expected = plain.synthesize(SCRIPT, None, 3, OPTIONS)
    assert _same(spoken, expected)
    assert spoken.notes == expected.notes
    request = Redo(turn=1, seed=5)
    assert _same(lent.redo(spoken, request, OPTIONS), plain.redo(expected, request, OPTIONS))
    edited = SCRIPT.replace("Three", "Four")
    redone = lent.redo_script(spoken, edited, OPTIONS)
    assert _same(redone, plain.redo_script(expected, edited, OPTIONS))
    assert redone.redoer is not None
    assert len(platform.seconds) == 3
    assert all(LEAST_S <= seconds <= MOST_S for seconds in platform.seconds)


@pytest.mark.parametrize("refuses_after", [None, 0, 1])
def test_turns_come_one_by_one_and_the_cpu_goes_on_where_the_gpu_is_taken_away(
    refuses_after: int | None, lent: LentGpuPipeline, plain: DialoguePipeline, platform: Platform
) -> None:
    platform.refuses_after = refuses_after
    told: list[tuple[str, int, int]] = []
    turns = list(lent.stream(SCRIPT, None, 3, OPTIONS, lambda *each: told.append(each)))
    gathered = lent.gather(SCRIPT, turns, 3, OPTIONS)
    assert _same(gathered, plain.synthesize(SCRIPT, None, 3, OPTIONS))
    assert told
    assert any("no GPU was to be had" in str(note) for note in gathered.notes) == (
        refuses_after is not None
    )


def test_a_refused_gpu_is_told_and_the_cpu_speaks(
    lent: LentGpuPipeline, plain: DialoguePipeline, platform: Platform
) -> None:
    platform.refuses_after = 0
    spoken = lent.synthesize(SCRIPT, None, 3, OPTIONS)
    assert _same(spoken, plain.synthesize(SCRIPT, None, 3, OPTIONS))
    assert "exceeded your quota" in str(spoken.notes[-1])


def test_errors_that_people_cause_cross(lent: LentGpuPipeline) -> None:
    with pytest.raises(ScriptError):
        lent.synthesize("[S1] \u4f60", None, 0, SynthesisOptions())


def test_a_longer_script_asks_for_more_seconds(lent: LentGpuPipeline, platform: Platform) -> None:
    platform.refuses_after = 0
    long = "\n".join(f"[S1] {'word ' * 150}" for _ in range(60))
    for script in ("[S1] Hi.", long):
        next(lent.stream(script, None, 0, OPTIONS))
    assert platform.seconds == [LEAST_S, MOST_S]


def test_a_cancelled_run_stops_after_the_turn_that_is_made(
    lent: LentGpuPipeline, tmp_path: Path
) -> None:
    pool, queue = PipelinePool(lent, VoiceLibrary(tmp_path)), RunQueue()

    def work(run: Any) -> None:
        with pool.borrow() as pipeline:
            for _ in pipeline.stream(SCRIPT, {}, 0, OPTIONS, run.progress):
                run.cancel()

    with pytest.raises(CancelledError):
        queue.submit(work).result(60)
    queue.close()


def test_only_zero_gpu_lends(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("spaces")
    module.GPU = platform.GPU  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spaces", module)
    assert find_lender({}) is None
    assert find_lender({"SPACES_ZERO_GPU": "true"}) == platform.GPU
    monkeypatch.setitem(sys.modules, "spaces", None)
    assert find_lender({"SPACES_ZERO_GPU": "true"}) is None
