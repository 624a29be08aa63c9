from pathlib import Path

from app.visits import Visits


def test_cancelling_stops_only_the_visitors_own_latest_job() -> None:
    visits = Visits()
    first, other = visits.begin("ann"), visits.begin("ben")
    second = visits.begin("ann")
    visits.cancel("ann")
    assert second.is_set()
    assert not first.is_set()
    assert not other.is_set()
    visits.cancel("nobody")


def test_a_new_job_begins_without_flag_and_message() -> None:
    visits = Visits()
    visits.set_message("ann", "no")
    assert visits.message("ann") == "no"
    visits.cancel("ann")
    assert not visits.begin("ann").is_set()
    assert visits.message("ann") == visits.message("ben") == ""


def test_leaving_stops_the_job_and_removes_the_files(tmp_path: Path) -> None:
    visits = Visits()
    stop = visits.begin("ann")
    folders = [visits.new_folder("ann", tmp_path) for _ in range(2)]
    kept = visits.new_folder("ben", tmp_path)
    assert len({*folders, kept}) == 3
    visits.forget("ann")
    visits.forget("ann")
    assert stop.is_set()
    assert list(tmp_path.iterdir()) == [kept]
