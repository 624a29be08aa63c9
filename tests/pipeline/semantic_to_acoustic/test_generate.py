"""Level by level, most confident first: what decoding may and may not change."""

import copy
import dataclasses

import pytest
import torch
from torch import Tensor

from pipeline.config.sizes import tiny
from pipeline.errors import ConfigError, ShapeError
from pipeline.semantic_to_acoustic import generate as decoding
from pipeline.semantic_to_acoustic.generate import SoundStormOptions, generate
from pipeline.semantic_to_acoustic.masking import n_hidden_after
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.semantic_to_acoustic.sequence import Window
from pipeline.semantic_to_acoustic.window_reader import WindowReader

CONFIG = tiny().soundstorm
Q, V, RATE = CONFIG.n_levels, CONFIG.n_codes, CONFIG.frames_per_semantic
OPTIONS = SoundStormOptions(first_iterations=4, later_iterations=2, together_from=0)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def network() -> SoundStorm:
    torch.manual_seed(0)
    return SoundStorm(CONFIG, torch.randn(Q, V, CONFIG.code_dim, generator=rng())).eval()


def speech(n_ids: int, seed: int) -> tuple[Tensor, Tensor]:
    ids = torch.randint(0, CONFIG.n_semantic, (n_ids,), generator=rng(seed))
    return ids, torch.randint(0, V, (Q, n_ids * RATE), generator=rng(seed))


def window(n_ids: int, seed: int = 3, prompt_ids: int = 5) -> Window:
    slots = torch.arange(n_ids * RATE) // 10 % 2 + 1
    prompts = {1: speech(prompt_ids, seed + 1), 2: speech(prompt_ids, seed + 2)}
    return Window(semantic_ids=speech(n_ids, seed)[0], slots=slots, prompts=prompts)


class Watch:
    """Records what the network sees of the windows and which heads are asked for."""

    def __init__(self, network: SoundStorm, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[Tensor] = []
        self.levels: list[int] = []
        self.n_scored: list[int] = []
        states, score = WindowReader.states, decoding._score

        def watched_states(reader: WindowReader, codes: Tensor) -> Tensor:
            self.seen.append(reader.packing.row(codes, 0).clone())
            return states(reader, codes)

        def watched_score(network: SoundStorm, states: Tensor, level: int) -> Tensor:
            self.levels.append(level)
            self.n_scored.append(len(states))
            return score(network, states, level)

        monkeypatch.setattr(WindowReader, "states", watched_states)
        monkeypatch.setattr(decoding, "_score", watched_score)


def test_passes_heads_and_hidden_counts_are_exactly_those_of_the_schedule(
    network: SoundStorm, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(network, monkeypatch)
    generate(network, [window(15)], OPTIONS, rng())
    assert watch.levels == [0, 0, 0, 0, 1, 1, 2, 2, 3, 3]
    assert len(watch.seen) == OPTIONS.n_passes(Q) == 10
    first = [n_hidden_after(30, done, 4) for done in range(4)]
    later = [n_hidden_after(30, done, 2) for done in range(2)] * 3
    assert watch.n_scored == first + later
    for codes, level, n_hidden in zip(watch.seen, watch.levels, watch.n_scored, strict=True):
        hidden = (codes == CONFIG.hidden_code).sum(dim=1)
        assert hidden.tolist() == [0] * level + [n_hidden] + [30] * (Q - level - 1)


def test_what_is_known_never_changes(network: SoundStorm, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(network, monkeypatch)
    given = torch.zeros(30, dtype=torch.bool)
    given[:8] = given[20:] = True
    ids, codes = speech(15, 9)
    asked = dataclasses.replace(window(15), semantic_ids=ids, given_codes=codes, given_frames=given)
    (spoken,) = generate(network, [asked], OPTIONS, rng())
    for before, after in zip(watch.seen, watch.seen[1:], strict=False):
        known = before != CONFIG.hidden_code
        assert torch.equal(after[known], before[known])
    assert torch.equal(spoken[:, given], codes[:, given])
    assert torch.equal(watch.seen[0][:, given], codes[:, given])
    assert int(spoken.max()) < V


def test_a_window_that_is_all_given_comes_back_without_a_pass(
    network: SoundStorm, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(network, monkeypatch)
    ids, codes = speech(6, 9)
    asked = dataclasses.replace(
        window(6), semantic_ids=ids, given_codes=codes, given_frames=torch.ones(12).bool()
    )
    assert torch.equal(generate(network, [asked], OPTIONS, rng())[0], codes)
    assert watch.seen == []
    assert generate(network, [], OPTIONS, rng()) == []


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_batch_says_what_each_window_says_alone(network: SoundStorm, scale: float) -> None:
    options = dataclasses.replace(OPTIONS, guidance_scale=scale, guided_levels=2)
    windows = [window(20, 3), window(19, 7), window(20, 11), window(6, 15)]
    together = generate(network, windows, options, rng())
    small = dataclasses.replace(options, batch_frames=1)
    for one, other in zip(together, generate(network, windows, small, rng()), strict=True):
        assert torch.equal(one, other)


def test_changing_one_window_changes_no_other(network: SoundStorm) -> None:
    before = generate(network, [window(20, 3), window(19, 7), window(18, 11)], OPTIONS, rng())
    after = generate(network, [window(20, 3), window(17, 30), window(18, 11)], OPTIONS, rng())
    assert torch.equal(before[0], after[0])
    assert torch.equal(before[2], after[2])


def test_a_seed_repeats_and_another_does_not(network: SoundStorm) -> None:
    windows = [window(20, 3)]
    (first,), (again,) = (generate(network, windows, OPTIONS, rng(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, generate(network, windows, OPTIONS, rng(2))[0])


def test_one_greedy_pass_per_level_needs_no_random_numbers(network: SoundStorm) -> None:
    greedy = dataclasses.replace(OPTIONS, first_iterations=1, later_iterations=1)
    one, other = (generate(network, [window(20)], greedy, rng(seed))[0] for seed in (1, 2))
    assert torch.equal(one, other)


def test_without_temperature_and_noise_nothing_is_left_to_chance(network: SoundStorm) -> None:
    sure = dataclasses.replace(OPTIONS, temperature=0.0, confidence_noise=0.0)
    one, other = (generate(network, [window(20)], sure, rng(seed))[0] for seed in (1, 2))
    assert torch.equal(one, other)


def test_guidance_reads_guided_levels_twice_and_changes_codes(
    network: SoundStorm, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plain,) = generate(network, [window(20)], OPTIONS, rng())
    watch = Watch(network, monkeypatch)
    guided = dataclasses.replace(OPTIONS, guidance_scale=3.0)
    (pushed,) = generate(network, [window(20)], guided, rng())
    assert watch.levels == [0] * 8 + [1, 1, 2, 2, 3, 3]
    assert not torch.equal(plain, pushed)
    for prompted, bare in zip(watch.seen[0:8:2], watch.seen[1:8:2], strict=True):
        assert torch.equal(prompted, bare)


def test_permuting_slots_permutes_nothing_else(network: SoundStorm) -> None:
    plain = dataclasses.replace(OPTIONS, temperature=0.0, confidence_noise=0.0)
    asked = window(20)
    (wanted,) = generate(network, [asked], plain, rng())
    # Slots 1 and 2 become 3 and 4, in the same order: the prompts keep their places.
    order = torch.tensor([0, 3, 4, 1, 2])
    other = SoundStorm(CONFIG, network.codebooks).eval()
    other.load_state_dict(network.state_dict())
    with torch.no_grad():
        other.slot_embedding.weight[order] = network.slot_embedding.weight
    moved = dataclasses.replace(
        asked,
        slots=order[asked.slots],
        prompts={int(order[slot]): prompt for slot, prompt in asked.prompts.items()},
    )
    assert torch.equal(generate(other, [moved], plain, rng())[0], wanted)


def test_progress_tells_every_pass(network: SoundStorm) -> None:
    calls: list[tuple[str, int, int]] = []
    windows = [window(20), window(5)]
    generate(network, windows, OPTIONS, rng(), lambda *call: calls.append(call))
    assert calls == [("acoustic", done, 20) for done in range(0, 21, 2)]


def test_bfloat16_gives_codes_of_the_alphabet(network: SoundStorm) -> None:
    narrow = copy.deepcopy(network).compute_in(torch.bfloat16)
    (spoken,) = generate(narrow, [window(20)], OPTIONS, rng())
    assert spoken.shape == (Q, 40)
    assert int(spoken.min()) >= 0
    assert int(spoken.max()) < V


def test_the_paper_s_schedule_is_sixteen_passes_and_one_for_each_later_level() -> None:
    paper = SoundStormOptions(first_iterations=16, together_from=0)
    assert paper.schedule(8) == [
        (range(level, level + 1), 1 if level else 16) for level in range(8)
    ]
    assert paper.n_passes(8) == 16 + 7


def test_levels_filled_together_take_one_pass(
    network: SoundStorm, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(network, monkeypatch)
    options = SoundStormOptions(first_iterations=3, together_from=3)
    (spoken,) = generate(network, [window(20)], options, rng())
    assert watch.levels == [0, 0, 0, 1, 2, 3]
    assert len(watch.seen) == options.n_passes(Q) == 5
    assert int(spoken.max()) < V
    one_by_one = SoundStormOptions(together_from=0)
    assert SoundStormOptions(together_from=9).schedule(8) == one_by_one.schedule(8)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"together_from": 1}, "together_from must be 2 or more"),
        ({"together_from": -2}, "together_from must be 2 or more"),
        ({"together_from": 3, "later_iterations": 2}, "choose one of the two"),
    ],
)
def test_contradictory_schedules_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SoundStormOptions(**wrong)


def test_a_window_longer_than_the_network_reads_is_refused(network: SoundStorm) -> None:
    with pytest.raises(ShapeError, match=r"longer than the network's 3000 frames"):
        generate(network, [window(1600)], OPTIONS, rng())


@pytest.mark.parametrize("wrong", [{"first_iterations": 0}, {"batch_frames": 0}])
def test_no_pass_at_all_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="must be 1 or more"):
        SoundStormOptions(**wrong)


@pytest.mark.parametrize("wrong", [{"temperature": -1.0}, {"guidance_scale": -0.1}])
def test_negative_scales_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="must not be negative"):
        SoundStormOptions(**wrong)


def test_a_window_with_its_own_generator_is_the_same_alone_and_beside_others(
    network: SoundStorm,
) -> None:
    windows = [window(n, seed=n) for n in (2, 7, 3, 40)]
    together = generate(network, windows, OPTIONS, [rng(n) for n in range(4)])
    for number in range(4):
        (alone,) = generate(network, [windows[number]], OPTIONS, [rng(number)])
        assert torch.equal(alone, together[number])
