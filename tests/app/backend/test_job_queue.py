import contextvars
import gc
import random
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.backend.job import Run
from app.backend.job_queue import QueueClosedError, QueueFullError, RunQueue
from pipeline.errors import CancelledError, ScriptError

LONG_S = 30.0
"""So long a test waits at most for what happens at once."""


@pytest.fixture
def make_queue() -> Iterator[Callable[..., RunQueue]]:
    made: list[RunQueue] = []

    def make(n_workers: int = 1, max_waiting: int = 20) -> RunQueue:
        made.append(RunQueue(n_workers, max_waiting))
        return made[-1]

    yield make
    for queue in made:
        queue.close()


class Gate:
    """Work that reports, and then waits until it may end."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, run: Run[str]) -> str:
        self.begun.set()
        assert self.may_end.wait(LONG_S)
        run.progress("mix", 1, 1)
        return "through"


def _hold(queue: RunQueue, expected_s: float = 0.0) -> tuple[Gate, Run[str]]:
    gate = Gate()
    run = queue.submit(gate, expected_s)
    assert gate.begun.wait(LONG_S)
    return gate, run


def test_one_thread_computes_in_the_order_of_coming(make_queue: Callable[..., RunQueue]) -> None:
    queue, order = make_queue(max_waiting=50), list[int]()
    gate, _ = _hold(queue)

    def work(number: int) -> Callable[[Run[int]], int]:
        def note(run: Run[int]) -> int:
            order.append(number)
            return number

        return note

    runs = [queue.submit(work(number)) for number in range(50)]
    assert [run.position for run in runs] == list(range(1, 51))
    gate.may_end.set()
    assert [run.result(LONG_S) for run in runs] == order == list(range(50))
    assert {run.position for run in runs} == {None}
    assert (queue.n_waiting, queue.n_running) == (0, 0)


@pytest.mark.parametrize("n_workers", [1, 3])
def test_no_run_is_lost_whoever_submits_and_cancels(
    make_queue: Callable[..., RunQueue], n_workers: int
) -> None:
    queue, told, refused = make_queue(n_workers, 5), list[Run[Any]](), list[int]()
    queue.on_finished(told.append)
    accepted: list[Run[int]] = []

    def visit(seed: int) -> None:
        rng = random.Random(seed)
        for number in range(60):
            fate = rng.choice(["done", "raises", "cancelled"])
            try:
                run = queue.submit(_work(fate, number), owner=str(seed))
            except QueueFullError:
                refused.append(number)
                continue
            accepted.append(run)
            if fate == "cancelled":
                run.cancel()

    threads = [threading.Thread(target=visit, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    for run in accepted:
        try:
            assert isinstance(run.result(LONG_S), int)
            assert run.outcome == "done"
        except CancelledError:
            assert run.outcome == "cancelled"
        except ScriptError:
            assert run.outcome == "failed"
    assert len(accepted) + len(refused) == 8 * 60
    assert sorted(map(id, told)) == sorted(map(id, accepted)), "each run is told of once"
    assert (queue.n_waiting, queue.n_running) == (0, 0)


def _work(fate: str, number: int) -> Callable[[Run[int]], int]:
    def work(run: Run[int]) -> int:
        run.progress("read", 0, 1)
        if fate == "raises":
            raise ScriptError("no")
        return number

    return work


def test_a_full_queue_refuses_at_once_and_says_how_long_it_is(
    make_queue: Callable[..., RunQueue],
) -> None:
    queue = make_queue(max_waiting=2)
    gate, _ = _hold(queue)
    waiting = [queue.submit(Gate(), expected_s=90.0) for _ in range(2)]
    with pytest.raises(QueueFullError, match=r"2 runs are waiting, about 3 min; please") as caught:
        queue.submit(Gate())
    assert caught.value.n_waiting == 2
    assert caught.value.wait_s == pytest.approx(180.0)
    waiting[0].cancel()
    last = queue.submit(lambda run: "came in")
    waiting[1].cancel()
    gate.may_end.set()
    assert last.result(LONG_S) == "came in"


def test_with_no_room_to_wait_a_run_still_begins_at_once(
    make_queue: Callable[..., RunQueue],
) -> None:
    queue = make_queue(max_waiting=0)
    gate, run = _hold(queue)
    with pytest.raises(QueueFullError, match="0 runs are waiting"):
        queue.submit(Gate())
    gate.may_end.set()
    assert run.result(LONG_S) == "through"


def test_the_wait_is_what_is_expected_of_those_ahead(make_queue: Callable[..., RunQueue]) -> None:
    queue = make_queue()
    gate, running = _hold(queue, expected_s=1000.0)
    first, second = queue.submit(Gate(), 50.0), queue.submit(Gate(), 7.0)
    assert running.wait_s == 0.0
    assert 0.0 < first.wait_s <= 1000.0
    assert second.wait_s == pytest.approx(first.wait_s + 50.0, abs=5.0)
    first.cancel()
    assert second.position == 1
    assert second.wait_s <= 1000.0
    second.cancel()
    gate.may_end.set()
    running.result(LONG_S)
    assert running.wait_s == second.wait_s == 0.0


def test_a_run_that_takes_longer_than_expected_makes_no_wait_negative(
    make_queue: Callable[..., RunQueue],
) -> None:
    queue = make_queue()
    gate, _ = _hold(queue, expected_s=1e-9)
    assert queue.submit(Gate()).wait_s == 0.0
    gate.may_end.set()


def test_expectations_are_corrected_by_what_runs_took(make_queue: Callable[..., RunQueue]) -> None:
    queue = make_queue()
    for _ in range(30):  # each is over far sooner than expected
        queue.submit(lambda run: None, expected_s=1000.0).result(LONG_S)
    gate, _ = _hold(queue)
    queue.submit(Gate(), expected_s=1000.0)
    last = queue.submit(Gate())
    assert 90.0 < last.wait_s < 200.0
    queue.close()
    gate.may_end.set()


def test_a_waiting_run_leaves_at_once_and_a_running_one_at_its_next_progress(
    make_queue: Callable[..., RunQueue],
) -> None:
    queue = make_queue()
    gate, running = _hold(queue)
    waiting = queue.submit(Gate())
    waiting.cancel()
    with pytest.raises(CancelledError, match="cancelled; nothing was kept"):
        waiting.result(0.0)
    running.cancel()
    with pytest.raises(TimeoutError, match="not over after"):
        running.result(0.0)
    gate.may_end.set()
    with pytest.raises(CancelledError, match="nothing was kept"):
        running.result(LONG_S)
    assert running.outcome == waiting.outcome == "cancelled"
    running.cancel()


def test_a_cancelled_run_passes_nothing_on_and_ends_as_cancelled(
    make_queue: Callable[..., RunQueue],
) -> None:
    queue, gate = make_queue(), Gate()
    stopped = threading.Event()

    def work(run: Run[str]) -> str:
        gate.begun.set()
        assert gate.may_end.wait(LONG_S)
        with pytest.raises(CancelledError, match="cancelled"):
            run.emit("too late")
        stopped.set()
        return "ended all the same"

    run = queue.submit(work)
    assert gate.begun.wait(LONG_S)
    run.cancel()
    assert run.is_cancelled
    gate.may_end.set()
    with pytest.raises(CancelledError, match="cancelled"):
        run.result(LONG_S)
    assert stopped.is_set()


def test_cancelling_after_the_end_changes_nothing(make_queue: Callable[..., RunQueue]) -> None:
    run = make_queue().submit(lambda run: 3)
    assert run.result(LONG_S) == 3
    run.cancel()
    assert (run.result(0.0), run.outcome) == (3, "done")


def test_an_owner_cancels_all_of_their_own_runs_only(make_queue: Callable[..., RunQueue]) -> None:
    queue = make_queue()
    gate = Gate()
    runs = [queue.submit(gate, owner=owner) for owner in ("ann", "ben", "ann", "")]
    assert gate.begun.wait(LONG_S)
    queue.cancel_owner("ann")
    queue.cancel_owner("")
    gate.may_end.set()
    assert runs[1].result(LONG_S) == runs[3].result(LONG_S) == "through"
    for run in (runs[0], runs[2]):
        with pytest.raises(CancelledError, match="cancelled"):
            run.result(LONG_S)


def test_a_closed_queue_cancels_all_and_takes_no_more(make_queue: Callable[..., RunQueue]) -> None:
    queue = make_queue()
    assert queue.is_able
    gate, running = _hold(queue)
    waiting = queue.submit(Gate())
    queue.close()
    gate.may_end.set()
    for run in (running, waiting):
        with pytest.raises(CancelledError, match="cancelled"):
            run.result(LONG_S)
    with pytest.raises(QueueClosedError, match="the server is stopping"):
        queue.submit(Gate())
    assert not queue.is_able


def test_work_that_fails_raises_for_who_waits_and_not_in_the_thread(
    make_queue: Callable[..., RunQueue],
) -> None:
    queue = make_queue()

    def leave(run: Run[None]) -> None:
        raise SystemExit("not the thread's end")

    with pytest.raises(SystemExit, match="not the thread's end"):
        queue.submit(leave).result(LONG_S)
    assert queue.submit(lambda run: 1).result(LONG_S) == 1


def test_a_listener_that_fails_does_not_stop_the_queue(
    make_queue: Callable[..., RunQueue], caplog: pytest.LogCaptureFixture
) -> None:
    queue = make_queue()

    def fail(run: Run[Any]) -> None:
        raise ValueError("no")

    queue.on_finished(fail)
    assert queue.submit(lambda run: 1).result(LONG_S) == 1
    assert queue.submit(lambda run: 2).result(LONG_S) == 2
    assert "a listener to finished runs failed" in caplog.text


def test_work_sees_the_context_of_whoever_submits_it(make_queue: Callable[..., RunQueue]) -> None:
    visitor = contextvars.ContextVar("visitor", default="nobody")
    queue = make_queue()
    visitor.set("ann")
    run = queue.submit(lambda run: (visitor.get(), visitor.set("changed"))[0])
    visitor.set("ben")
    assert run.result(LONG_S) == "ann"
    assert visitor.get() == "ben"


def test_what_a_finished_run_held_is_released(make_queue: Callable[..., RunQueue]) -> None:
    class Heavy:
        pass

    queue, heavy = make_queue(), Heavy()
    held = [weakref.ref(heavy)]

    def submit(thing: Heavy) -> None:
        run = queue.submit(lambda run: (run.emit(thing), Heavy())[1])
        held.append(weakref.ref(run.result(LONG_S)))

    submit(heavy)
    del heavy
    queue.submit(lambda run: None).result(LONG_S)  # the thread has let go of the first one by now
    gc.collect()
    assert [ref() for ref in held] == [None, None]
