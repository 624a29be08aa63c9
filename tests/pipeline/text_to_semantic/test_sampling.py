import torch

from pipeline.text_to_semantic.sampling import draw_ids, draw_without_loops


def test_draws_follow_the_probabilities(rng: torch.Generator) -> None:
    probabilities = torch.tensor([0.5, 0.3, 0.2])
    uniforms = torch.rand(20_000, generator=rng)
    drawn = draw_ids(probabilities.log().expand(20_000, 3), uniforms, 1.0, 0)
    shares = torch.bincount(drawn, minlength=3) / 20_000
    torch.testing.assert_close(shares, probabilities, atol=0.02, rtol=0.0)


def test_zero_temperature_takes_the_likeliest() -> None:
    logits = torch.tensor([[0.0, 2.0, 1.0]])
    assert draw_ids(logits, torch.tensor([0.99]), 0.0, 0).tolist() == [1]


def test_forbidden_and_unlikely_ids_are_never_drawn(rng: torch.Generator) -> None:
    logits = torch.tensor([[0.0, -torch.inf, 1.0, 0.5]]).expand(1000, 4)
    uniforms = torch.rand(1000, generator=rng)
    assert set(draw_ids(logits, uniforms, 1.0, 0).tolist()) == {0, 2, 3}
    assert set(draw_ids(logits, uniforms, 1.0, 2).tolist()) == {2, 3}


def test_the_largest_uniform_still_draws_an_allowed_id() -> None:
    logits = torch.tensor([[0.0, 1.0, -torch.inf]])
    assert draw_ids(logits, torch.tensor([1.0 - 2**-24]), 1.0, 0).tolist() == [0]


def test_a_loop_is_left_and_a_repeat_is_not() -> None:
    logits = torch.tensor([[3.0, 0.0, 0.0]]).expand(2, 3)
    recent = torch.tensor([[0, 0, 0, 0], [0, 1, 2, 1]])
    uniforms = torch.tensor([[0.0, 0.999], [0.0, 0.999]])
    assert draw_without_loops(logits, uniforms, recent, 0.5, 1, 0.5).tolist() == [2, 0]
