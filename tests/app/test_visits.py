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


def test_leaving_stops_the_job() -> None:
    visits = Visits()
    stop = visits.begin("ann")
    visits.set_message("ann", "no")
    visits.forget("ann")
    visits.forget("ann")
    assert stop.is_set()
    assert visits.message("ann") == ""
