import torch

from pipeline.layers.quantizer import ResidualQuantizer
from training.codec.codebooks import CodebookLearner


def _clusters(rng: torch.Generator, n: int = 400) -> torch.Tensor:
    """Eight tight heaps of vectors: (4, n, 3)."""
    centres = 4.0 * torch.randn(8, 3, generator=rng)
    picks = torch.randint(0, 8, (4, n), generator=rng)
    return centres[picks] + 0.05 * torch.randn(4, n, 3, generator=rng)


def _full(learner_levels: int) -> torch.Tensor:
    return torch.full((4,), learner_levels)


def test_kmeans_start_explains_clustered_latents(rng: torch.Generator) -> None:
    quantizer = ResidualQuantizer(2, 16, 3)
    learner = CodebookLearner(quantizer, n_collected=1000)
    latents = _clusters(rng)
    learner.collect(latents)
    assert not learner.started
    learner.start(rng)
    assert learner.started
    left = (latents - quantizer.decode(quantizer.encode(latents))).square().mean()
    assert float(left) < 0.02 * float(latents.square().mean())


def test_codebooks_follow_latents_that_move(rng: torch.Generator) -> None:
    quantizer = ResidualQuantizer(1, 16, 3)
    learner = CodebookLearner(quantizer, decay=0.8)
    latents = _clusters(rng)
    learner.collect(latents)
    learner.start(rng)
    moved = latents + 0.3
    before = (moved - quantizer.decode(quantizer.encode(moved))).square().mean()
    for _ in range(30):
        learner.quantise(moved, _full(1), rng)
    after = (moved - quantizer.decode(quantizer.encode(moved))).square().mean()
    assert float(after) < 0.5 * float(before)


def test_dead_codes_come_back_to_life(rng: torch.Generator) -> None:
    quantizer = ResidualQuantizer(1, 16, 3)
    learner = CodebookLearner(quantizer, decay=0.8, revive_every=5)
    latents = torch.randn(4, 400, 3, generator=rng)
    learner.collect(latents)
    learner.start(rng)
    quantizer.codebooks[0, 8:] = 1e3
    learner.sums[0, 8:] = learner.counts[0, 8:, None] * 1e3
    assert int(quantizer.encode(latents).unique().numel()) <= 8
    for _ in range(40):
        learner.quantise(latents, _full(1), rng)
    assert int(quantizer.encode(latents).unique().numel()) == 16


def test_without_update_nothing_is_learned(rng: torch.Generator) -> None:
    quantizer = ResidualQuantizer(2, 16, 3)
    learner = CodebookLearner(quantizer)
    latents = _clusters(rng)
    learner.collect(latents)
    learner.start(rng)
    before = quantizer.codebooks.clone()
    learner.quantise(latents + 1.0, _full(2), rng, update=False)
    assert torch.equal(quantizer.codebooks, before)


def test_dropped_levels_are_left_out_of_the_sum_and_gradients_pass_straight_through(
    rng: torch.Generator,
) -> None:
    quantizer = ResidualQuantizer(3, 16, 3)
    learner = CodebookLearner(quantizer)
    latents = _clusters(rng, n=50)
    learner.collect(latents)
    learner.start(rng)
    latents.requires_grad_()
    kept = torch.tensor([1, 2, 3, 3])
    quantised, _ = learner.quantise(latents, kept, rng, update=False)
    codes = quantizer.encode(latents.detach())
    for example, n_levels in enumerate(kept.tolist()):
        expected = quantizer.decode(codes[example : example + 1, :n_levels])[0]
        torch.testing.assert_close(quantised[example].detach(), expected)
    quantised.sum().backward()  # type: ignore[no-untyped-call]
    assert latents.grad is not None
    torch.testing.assert_close(latents.grad, torch.ones_like(latents))


def test_commitment_pulls_latents_towards_their_codes(rng: torch.Generator) -> None:
    learner = CodebookLearner(ResidualQuantizer(2, 8, 3))
    latents = torch.randn(4, 100, 3, generator=rng)
    learner.collect(latents)
    learner.start(rng)
    latents.requires_grad_()
    _, commitment = learner.quantise(latents, _full(2), rng, update=False)
    (gradient,) = torch.autograd.grad(commitment, latents)
    nearer = (latents - 20.0 * gradient).detach()
    _, after = learner.quantise(nearer, _full(2), rng, update=False)
    assert float(after) < float(commitment)


def test_state_survives_saving_so_that_a_resumed_run_goes_on(rng: torch.Generator) -> None:
    first = CodebookLearner(ResidualQuantizer(1, 8, 3))
    first.collect(_clusters(rng, n=20))
    first.start(rng)
    second = CodebookLearner(ResidualQuantizer(1, 8, 3))
    second.load_state_dict(first.state_dict())
    assert second.started
    assert torch.equal(second.sums, first.sums)
