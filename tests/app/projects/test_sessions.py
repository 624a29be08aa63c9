from types import SimpleNamespace

from app.projects.sessions import Visits, visitor_of


def test_messages_are_a_visitors_own() -> None:
    visits = Visits()
    visits.set_message("ann", "no")
    assert visits.message("ann") == "no"
    assert visits.message("ben") == ""
    visits.set_message("ann", "")
    assert visits.message("ann") == ""


def test_who_leaves_gives_up_what_nobody_else_has_open() -> None:
    visits = Visits()
    for visitor, token in (("ann", "one"), ("ann", "two"), ("ben", "two"), ("ben", "three")):
        visits.own(visitor, token)
    visits.set_message("ann", "no")
    assert visits.forget("ann") == {"one"}
    assert visits.forget("ann") == set()
    assert visits.message("ann") == ""
    assert visits.forget("ben") == {"two", "three"}


def test_a_visitor_is_known_by_the_session() -> None:
    assert visitor_of(SimpleNamespace(session_hash="abc")) == "abc"
    assert visitor_of(SimpleNamespace(session_hash=None)) == "nobody"
    assert visitor_of(None) == "nobody"
