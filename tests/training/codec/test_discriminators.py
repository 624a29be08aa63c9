import torch

from training.codec.discriminators import (
    DiscriminatorOutput,
    Discriminators,
    deception_loss,
    discriminator_loss,
    feature_loss,
)


def _output(score: float, feature: float = 1.0) -> DiscriminatorOutput:
    return DiscriminatorOutput(
        scores=torch.full((1, 3, 2), score), features=(torch.full((1, 3, 4), feature),)
    )


def _both(real: float, made: float) -> DiscriminatorOutput:
    pair = [_output(real), _output(made)]
    return DiscriminatorOutput(
        scores=torch.cat([v.scores for v in pair]), features=pair[0].features
    )


def test_hinge_losses_vanish_beyond_the_margin_and_grow_inside_it() -> None:
    assert float(discriminator_loss([_both(2.0, -2.0)])) == 0.0
    assert float(discriminator_loss([_both(0.0, 0.0)])) == 2.0
    assert float(deception_loss([_output(2.0)])) == 0.0
    assert float(deception_loss([_output(-1.0)])) == 2.0


def test_feature_loss_is_relative_to_the_real_features() -> None:
    assert float(feature_loss([_output(0.0, 4.0)], [_output(0.0, 4.0)])) == 0.0
    assert float(feature_loss([_output(0.0, 4.0)], [_output(0.0, 6.0)])) == 0.5


def test_judges_learn_to_tell_a_tone_from_noise(rng: torch.Generator) -> None:
    torch.manual_seed(0)
    judges = Discriminators(window_samples=(64, 128), dim=16, n_blocks=1)
    optimiser = torch.optim.Adam(judges.parameters(), lr=3e-3)
    tone = torch.sin(0.3 * torch.arange(1600)).expand(2, -1)
    losses = []
    for _ in range(30):
        noise = torch.randn(2, 1600, generator=rng)
        loss = discriminator_loss(judges(torch.cat([tone, noise])))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss))
    assert losses[-1] < 0.5 * losses[0]
