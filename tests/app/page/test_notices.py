from app.page.notices import not_done
from tests.app.page.desk import WICKED


def test_a_notice_stays_and_shows_words_as_they_are() -> None:
    notice = not_done(f"no {WICKED}", "Not made")
    assert "<" not in str(notice.message)
    assert str(notice.message).startswith("No &lt;img")
    assert notice.duration is None
    assert notice.title == "Not made"
    assert not notice.print_exception
