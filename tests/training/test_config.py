from training.config import LoopConfig


def test_minutes_replace_the_bound_in_steps() -> None:
    loop = LoopConfig(max_steps=30, warmup_steps=7)
    assert loop.within(0) == loop
    bounded = loop.within(2.5)
    assert bounded.max_minutes == 2.5
    assert bounded.max_steps > 1_000_000
    assert bounded.warmup_steps == 7
