"""The page for everybody: screen readers, keyboards, small screens, light and dark."""

from typing import Any

import pytest

from tests.browser.conftest import VisitMaker
from tests.browser.visit import SCRIPT, Visit

pytestmark = pytest.mark.slow

GRAVE = ("serious", "critical")
LINES_ARE_OPEN = "() => !document.querySelector('#lines textarea:disabled')"
"""Before the script has come, the line editor shows one empty line, which cannot be typed in."""


def _violations(visit: Visit) -> list[Any]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(visit.page).response["violations"]
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in GRAVE
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_nothing_grave_is_found_by_axe_and_nothing_stands_beyond_the_edge(
    visit: VisitMaker, width: int, scheme: str
) -> None:
    stranger = visit(width, scheme)
    assert _violations(stranger) == []
    stranger.does_not_scroll_sideways()
    stranger.generate(SCRIPT)
    stranger.select(2)
    stranger.open_all()
    stranger.does_not_scroll_sideways()
    stranger.picture(f"all-open-{scheme}")
    assert _violations(stranger) == []
    stranger.page.get_by_role("tab", name="Lines").click()
    stranger.page.get_by_label("Text of line 1").wait_for()
    stranger.page.wait_for_function(LINES_ARE_OPEN)
    stranger.does_not_scroll_sideways()
    assert _violations(stranger) == []


FOCUSED = """() => {
  const e = document.activeElement;
  const style = getComputedStyle(e);
  return {
    label: e.getAttribute('aria-label') || e.innerText || '',
    place: e.closest('#sound') ? 'sound' : e.closest('#turns') ? 'turns' : '',
    ring: style.outlineStyle !== 'none' && style.outlineWidth !== '0px'
      || style.boxShadow !== 'none',
  };
}"""


def _tab_to(visit: Visit, label: str, place: str = "", most: int = 60) -> dict[str, Any]:
    """Press Tab until something is reached."""
    met = []
    for _ in range(most):
        visit.page.keyboard.press("Tab")
        focused: dict[str, Any] = visit.page.evaluate(FOCUSED)
        met.append(focused["label"])
        if focused["label"].strip() == label and (not place or focused["place"] == place):
            return focused
    raise AssertionError(f"{label} is not reached by Tab, but {met}")


def test_the_keyboard_alone_generates_and_plays(visit: VisitMaker) -> None:
    stranger = visit()
    stranger.write(SCRIPT)
    stranger.at("#script textarea").focus()
    assert _tab_to(stranger, "Generate")["ring"]
    stranger.page.keyboard.press("Enter")
    stranger.shows("#status", "Done")
    stranger.at("#sound .play-pause-button").wait_for()
    assert _tab_to(stranger, "Play", "sound")["ring"]
    stranger.page.keyboard.press("Enter")
    stranger.at("#sound [aria-label=Pause]").wait_for()
    assert _tab_to(stranger, "Play turn 2", "turns")["ring"]
    stranger.page.keyboard.press("Enter")
    stranger.at("#turn-sound").wait_for()
    for place in ("#status", "#feedback"):
        assert stranger.at(place).get_attribute("aria-live") == "polite"
