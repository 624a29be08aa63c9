from pathlib import Path

import pytest

from app.environment import has_desktop, prepare_environment, usable_cores


def test_the_users_own_setting_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"OMP_WAIT_POLICY": "active"}
    monkeypatch.setattr("app.environment.os.environ", environment)
    prepare_environment()
    assert environment["OMP_WAIT_POLICY"] == "active"
    environment.clear()
    prepare_environment()
    assert environment["OMP_WAIT_POLICY"] == "passive"


def test_a_containers_quota_limits_the_cores(tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    everything = usable_cores(tmp_path / "absent")
    assert everything >= 1
    for text, cores in (("100000 100000", 1), ("10000 100000", 1), ("max 100000", everything)):
        quota.write_text(text, encoding="ascii")
        assert usable_cores(quota) == cores


def test_a_desktop_is_known_by_its_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.environment.sys.platform", "linux")
    monkeypatch.setattr("app.environment.os.environ", {})
    assert not has_desktop()
    monkeypatch.setattr("app.environment.os.environ", {"WAYLAND_DISPLAY": "wayland-0"})
    assert has_desktop()
