"""The peak of memory since a moment."""

import numpy as np
import pytest

from benchmarks import memory
from benchmarks.memory import peak_mb, reset_peak


def test_the_peak_sees_what_was_freed_and_begins_anew() -> None:
    reset_peak()
    before = peak_mb()
    block = np.ones(60 << 20, dtype=np.uint8)
    del block
    assert peak_mb() >= before + 50


@pytest.mark.skipif(not memory._CLEAR.exists(), reason="the system keeps one peak only")
def test_after_a_reset_the_peak_is_forgotten() -> None:
    block = np.ones(60 << 20, dtype=np.uint8)
    high = peak_mb()
    del block
    reset_peak()
    assert peak_mb() < high - 30
