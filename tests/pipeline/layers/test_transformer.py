import torch

from pipeline.layers.rotary import rotary_tables
from pipeline.layers.transformer import CrossAttention, EncoderLayer, SelfAttention


def test_padding_changes_nothing(rng: torch.Generator) -> None:
    layer = EncoderLayer(16, 2, 32, dropout=0.0).eval()
    states = torch.randn(1, 5, 16, generator=rng)
    tables = rotary_tables(5, 8)
    seen = torch.tensor([True, True, True, False, False])[None, None, None]
    padded = layer(states, tables, seen)[:, :3]
    short_tables = (tables[0][:3], tables[1][:3])
    short = layer(states[:, :3], short_tables, seen[..., :3])
    torch.testing.assert_close(padded, short)


def test_wanting_weights_changes_no_states(rng: torch.Generator) -> None:
    layer = CrossAttention(16, 2).eval()
    states, remembered = (torch.randn(2, n, 16, generator=rng) for n in (4, 6))
    seen = torch.rand(2, 1, 1, 6, generator=rng) < 0.7
    seen[..., 0] = True
    memory = layer.remember(remembered, rotary_tables(6, 8), seen)
    plain, nothing = layer(states, memory, rotary_tables(4, 8))
    weighed, weights = layer(states, memory, rotary_tables(4, 8), n_weights=1)
    assert nothing is None
    assert weights is not None
    assert weights.shape == (2, 1, 4, 6)
    torch.testing.assert_close(weighed, plain)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 1, 4))
    assert not weights.masked_select(~seen.expand_as(weights)).any()


def test_attention_is_the_same_with_and_without_gradients(rng: torch.Generator) -> None:
    layer = SelfAttention(16, 2)
    states = torch.randn(2, 5, 16, generator=rng)
    seen = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])[:, None, None]
    for given in (None, seen):
        learning = layer(states, rotary_tables(5, 8), given)
        with torch.no_grad():
            running = layer(states, rotary_tables(5, 8), given)
        torch.testing.assert_close(learning, running)
