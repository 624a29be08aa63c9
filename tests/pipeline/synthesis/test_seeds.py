import torch

from pipeline.synthesis.seeds import next_seed, seeded_generator, turn_seed

SEEDS_OF_7 = [900496452, 1822052472, 804115287]


def test_a_turns_seed_is_the_same_for_ever() -> None:
    assert [turn_seed(7, index) for index in range(3)] == SEEDS_OF_7


def test_seeds_of_turns_and_scripts_differ_and_stay_in_range() -> None:
    seeds = [turn_seed(seed, index) for seed in (0, 1, 2**63 - 1) for index in range(200)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_every_purpose_draws_numbers_of_its_own() -> None:
    def drawn(seed: int, purpose: str) -> list[float]:
        return torch.rand(4, generator=seeded_generator(seed, purpose)).tolist()

    assert drawn(1, "semantic 0") == drawn(1, "semantic 0")
    assert drawn(1, "semantic 0") != drawn(1, "semantic 1")
    assert drawn(1, "semantic 0") != drawn(2, "semantic 0")


def test_every_next_take_of_a_turn_has_another_seed() -> None:
    seeds = [turn_seed(7, 0)]
    for _ in range(50):
        seeds.append(next_seed(seeds[-1]))
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)
