"""The SoundStorm network."""

import dataclasses

import pytest
import torch
from torch import Tensor

from pipeline.config.networks import SoundStormConfig
from pipeline.config.sizes import tiny
from pipeline.errors import ShapeError
from pipeline.semantic_to_acoustic.model import SoundStorm

CONFIG = tiny().soundstorm


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(config: SoundStormConfig = CONFIG) -> SoundStorm:
    torch.manual_seed(0)
    shape = (config.n_levels, config.n_codes, config.code_dim)
    return SoundStorm(config, torch.randn(shape, generator=rng())).eval()


def frames(n_rows: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    B, T = n_rows, 12
    semantic_ids = torch.randint(0, CONFIG.n_semantic + 1, (B, T), generator=rng(1))
    slots = torch.randint(0, CONFIG.n_slots + 1, (B, T), generator=rng(2))
    codes = torch.randint(0, CONFIG.n_codes + 1, (B, CONFIG.n_levels, T), generator=rng(3))
    return semantic_ids, slots, codes


def test_a_frame_is_the_sum_of_its_embeddings() -> None:
    network = build()
    semantic_ids, slots, codes = frames()
    table = network.code_table()
    wanted = network.semantic_embedding(semantic_ids) + network.slot_embedding(slots)
    wanted = wanted + sum(table[q][codes[:, q]] for q in range(CONFIG.n_levels))
    seen = []
    network.blocks[0].register_forward_pre_hook(lambda _module, args: seen.append(args[0]))
    network(semantic_ids, slots, codes)
    assert torch.allclose(seen[0], wanted, atol=1e-5)


def test_scaling_a_codebook_changes_nothing() -> None:
    books = torch.randn(CONFIG.n_levels, CONFIG.n_codes, CONFIG.code_dim, generator=rng())
    scale = torch.tensor([1.0, 0.1, 5.0, 1e-3])[:, None, None]
    assert torch.allclose(
        SoundStorm(CONFIG, books).codebooks, SoundStorm(CONFIG, books * scale).codebooks, atol=1e-4
    )


def test_every_frame_reads_every_frame_in_both_directions() -> None:
    network = build()
    semantic_ids, slots, codes = frames(1)
    states = network(semantic_ids, slots, codes)
    for changed in (0, 11):
        others = semantic_ids.clone()
        others[0, changed] = (others[0, changed] + 1) % CONFIG.n_semantic
        assert bool((network(others, slots, codes) != states).any(dim=-1).all())


def test_padding_changes_no_valid_state() -> None:
    network = build()
    semantic_ids, slots, codes = frames()
    alone = network(semantic_ids[:, :7], slots[:, :7], codes[:, :, :7])
    valid = (torch.arange(12) < 7).expand(2, 12)
    padded = network(semantic_ids, slots, codes, valid=valid)
    assert torch.allclose(padded[:, :7], alone, atol=1e-5)


def test_permuting_slots_and_their_embeddings_changes_nothing() -> None:
    network = build()
    semantic_ids, slots, codes = frames()
    wanted = network(semantic_ids, slots, codes)
    order = torch.tensor([0, 3, 1, 4, 2])
    with torch.no_grad():
        weights = network.slot_embedding.weight
        weights[order] = weights.clone()
    assert torch.allclose(network(semantic_ids, order[slots], codes), wanted, atol=1e-6)


def test_two_frames_that_are_too_many_are_refused() -> None:
    network = build(dataclasses.replace(CONFIG, max_frames=10))
    with pytest.raises(ShapeError, match="12 frames; the network reads 10 at most"):
        network(*frames())


def test_codebooks_of_another_codec_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"codebooks have axes \(4, 16, 8\).*\(4, 32, 8\)"):
        SoundStorm(CONFIG, torch.zeros(4, 16, 8))
