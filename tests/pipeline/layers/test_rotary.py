import torch

from pipeline.layers.rotary import apply_rotary, rotary_tables, rotary_tables_at


def test_products_depend_only_on_the_distance(rng: torch.Generator) -> None:
    query, key = torch.randn(2, 1, 1, 1, 8, generator=rng)
    products = []
    for place in (0.0, 3.0, 40.5):
        turned = [
            apply_rotary(x, *rotary_tables_at(torch.tensor([place + offset]), 8))
            for x, offset in ((query, 0.0), (key, 2.5))
        ]
        products.append((turned[0] * turned[1]).sum())
    torch.testing.assert_close(products[1], products[0])
    torch.testing.assert_close(products[2], products[0])


def test_length_is_kept_and_position_zero_changes_nothing(rng: torch.Generator) -> None:
    x = torch.randn(2, 3, 5, 8, generator=rng)
    turned = apply_rotary(x, *rotary_tables(5, 8))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(turned[:, :, 0], x[:, :, 0])


def test_rows_may_have_positions_of_their_own(rng: torch.Generator) -> None:
    x = torch.randn(2, 3, 4, 8, generator=rng)
    places = torch.tensor([[0.0, 1.0, 2.0, 3.0], [5.0, 6.5, 7.0, 9.0]])
    cos, sin = rotary_tables_at(places, 8)
    both = apply_rotary(x, cos[:, None], sin[:, None])
    torch.testing.assert_close(both[1:], apply_rotary(x[1:], cos[1], sin[1]))
