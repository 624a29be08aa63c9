import asyncio
import threading
from collections.abc import Iterator

import pytest

from app.backend.job import Emitted, Progress, Run, Waiting
from app.backend.job_queue import RunQueue
from pipeline.errors import ScriptError

LONG_S = 30.0


@pytest.fixture
def queue() -> Iterator[RunQueue]:
    queue = RunQueue()
    yield queue
    queue.close()


async def _all_of(run: Run[int], interval_s: float = 0.01) -> list[Waiting | Progress | Emitted]:
    return [change async for change in run.watch(interval_s)]


def test_every_emitted_value_is_given_in_order_to_every_watcher(queue: RunQueue) -> None:
    def work(run: Run[int]) -> int:
        for number in range(500):
            run.progress("semantic", number, 500)
            run.emit(number)
        return 500

    async def watch() -> None:
        run = queue.submit(work)
        for changes in await asyncio.gather(*(_all_of(run) for _ in range(3))):
            assert [c.value for c in changes if isinstance(c, Emitted)] == list(range(500))
        assert run.result(0.0) == 500
        late = await _all_of(run)
        assert [c.value for c in late if isinstance(c, Emitted)] == list(range(500))
        assert late[-1] == Progress(stage="semantic", done=499, total=500)

    asyncio.run(watch())


def test_places_count_down_to_running_and_no_thread_waits(queue: RunQueue) -> None:
    gates = [threading.Event() for _ in range(3)]
    begun = threading.Event()

    def work(gate: threading.Event) -> int:
        begun.set()
        assert gate.wait(LONG_S)
        return 1

    async def watch() -> list[int]:
        runs = [queue.submit(lambda run, gate=gate: work(gate)) for gate in gates]
        assert begun.wait(LONG_S)
        n_threads = threading.active_count()
        places: list[int] = []
        async for change in runs[-1].watch(0.01):
            assert isinstance(change, Waiting)
            assert threading.active_count() <= n_threads
            if change.position not in places:
                places.append(change.position)
                gates[2 - change.position].set()
        return places

    assert asyncio.run(watch()) == [2, 1, 0]


def test_a_place_far_from_the_front_is_told_rarely_and_the_beginning_at_once(
    queue: RunQueue,
) -> None:
    gate, begun, told = (threading.Event() for _ in range(3))

    def block(run: Run[bool]) -> bool:
        begun.set()
        return gate.wait(LONG_S)

    async def watch() -> list[int]:
        queue.submit(block, expected_s=3600.0)
        assert begun.wait(LONG_S)
        between = queue.submit(lambda run: True)
        last = queue.submit(lambda run: told.wait(LONG_S))
        places: list[int] = []
        async for change in last.watch(0.01):
            assert isinstance(change, Waiting)
            places.append(change.position)
            if change.position == 2:
                between.cancel()
                asyncio.get_running_loop().call_later(0.1, gate.set)
            elif change.position == 0:
                told.set()
        return places

    assert asyncio.run(watch()) == [2, 0]


@pytest.mark.parametrize("fate", ["done", "raises", "cancelled"])
def test_watching_ends_whichever_way_the_run_does(queue: RunQueue, fate: str) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def work(run: Run[int]) -> int:
        begun.set()
        assert may_end.wait(LONG_S)
        run.progress("mix", 1, 1)
        if fate == "raises":
            raise ScriptError("no")
        return 1

    async def watch() -> Run[int]:
        run = queue.submit(work)
        watching = asyncio.create_task(_all_of(run))
        await asyncio.to_thread(begun.wait)
        if fate == "cancelled":
            run.cancel()
        may_end.set()
        await asyncio.wait_for(watching, LONG_S)
        return run

    run = asyncio.run(watch())
    assert run.outcome == {"done": "done", "raises": "failed", "cancelled": "cancelled"}[fate]


def test_a_watcher_who_goes_does_not_stop_the_run(queue: RunQueue) -> None:
    may_end = threading.Event()

    def work(run: Run[int]) -> int:
        run.emit("first")
        assert may_end.wait(LONG_S)
        run.emit("second")
        return 2

    async def look_once() -> Run[int]:
        run = queue.submit(work)
        watching = run.watch(0.01)
        async for change in watching:
            if isinstance(change, Emitted):
                break
        await watching.aclose()
        return run

    run = asyncio.run(look_once())  # its loop is closed by now
    may_end.set()
    assert run.result(LONG_S) == 2
    assert not run.is_cancelled


def test_a_run_knows_how_long_it_waited_and_computed(queue: RunQueue) -> None:
    first, second = threading.Event(), threading.Event()
    held = queue.submit(lambda run: first.wait(LONG_S))
    run = queue.submit(lambda run: second.wait(LONG_S))
    assert run.spent_s == 0.0
    assert run.outcome is None
    first.set()
    held.result(LONG_S)
    second.set()
    run.result(LONG_S)
    waited_s, spent_s = run.waited_s, run.spent_s
    assert waited_s > 0.0
    assert spent_s >= 0.0
    assert (run.waited_s, run.spent_s) == (waited_s, spent_s), "both stand still after the end"
