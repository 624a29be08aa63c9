"""OpenVINO's blocks against torch's, on the same packed windows."""

import pytest
import torch
from torch import Tensor, nn

from pipeline.config.sizes import tiny
from pipeline.runtime.openvino import soundstorm
from pipeline.runtime.openvino.soundstorm import ConformerEngine
from pipeline.semantic_to_acoustic import window_reader
from pipeline.semantic_to_acoustic.generate import SoundStormOptions, generate
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.semantic_to_acoustic.sequence import FrameSequence, Window, window_to_sequence
from pipeline.semantic_to_acoustic.window_reader import (
    Prefix,
    WindowReader,
    read_prefix,
    read_prefixes,
)

CONFIG = tiny().soundstorm
Q, V, RATE = CONFIG.n_levels, CONFIG.n_codes, CONFIG.frames_per_semantic


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def network() -> SoundStorm:
    torch.manual_seed(0)
    network = SoundStorm(CONFIG, torch.randn(Q, V, CONFIG.code_dim, generator=rng())).eval()
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.bias, std=0.1)
    return network


def window(n_ids: int, seed: int, prompt_ids: int = 5) -> Window:
    def speech(length: int, own: int) -> tuple[Tensor, Tensor]:
        ids = torch.randint(0, CONFIG.n_semantic, (length,), generator=rng(own))
        return ids, torch.randint(0, V, (Q, length * RATE), generator=rng(own))

    prompts = {1: speech(prompt_ids, seed + 1)} if prompt_ids else {}
    slots = torch.ones(n_ids * RATE, dtype=torch.int64)
    return Window(semantic_ids=speech(n_ids, seed)[0], slots=slots, prompts=prompts)


def sequences(*windows: Window) -> list[FrameSequence]:
    return [window_to_sequence(each, CONFIG) for each in windows]


def states(network: SoundStorm, asked: list[FrameSequence]) -> list[Tensor]:
    with torch.inference_mode():
        table = network.code_table()
        reader = WindowReader(network, table, asked, read_prefixes(network, asked, table))
        packed = reader.states(reader.pack([s.codes[:, s.window_start :] for s in asked]))
    return [reader.packing.row(packed.T, row).T.float() for row in range(len(asked))]


ASKED = sequences(window(20, 3), window(9, 7), window(20, 11), window(14, 15, prompt_ids=0))


def test_it_computes_what_torch_does(network: SoundStorm) -> None:
    wanted = states(network, ASKED)
    network.engine = ConformerEngine(network, 1, torch.float32)
    for one, other in zip(states(network, ASKED), wanted, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_bfloat16_comes_close(network: SoundStorm) -> None:
    wanted = states(network, ASKED)
    narrow = network.compute_in(torch.bfloat16)
    narrow.engine = ConformerEngine(network, 1, torch.bfloat16)
    for one, other in zip(states(narrow, ASKED), wanted, strict=True):
        assert torch.allclose(one, other, atol=0.2)


def test_8_bits_come_close_and_are_not_the_same(network: SoundStorm) -> None:
    wanted = states(network, ASKED)
    reaches = {name: 5.0 for name, layer in network.named_modules() if isinstance(layer, nn.Linear)}
    network.engine = ConformerEngine(network, 1, torch.float32, reaches)
    for one, other in zip(states(network, ASKED), wanted, strict=True):
        assert 1e-5 < float((one - other).abs().mean()) < 0.1


def test_a_window_is_the_same_whatever_is_read_beside_it(
    network: SoundStorm, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.engine = ConformerEngine(network, 1, torch.float32)
    (alone,) = states(network, ASKED[:1])
    assert torch.equal(states(network, ASKED)[0], alone)
    monkeypatch.setattr(soundstorm, "MOST_FRAMES", 1)
    assert torch.equal(states(network, ASKED)[0], alone)


def test_prompts_are_read_once_and_few_are_kept(
    network: SoundStorm, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ConformerEngine(network, 1, torch.float32)
    network.engine = engine
    read: list[FrameSequence] = []

    def watched(network: SoundStorm, sequence: FrameSequence, table: Tensor) -> Prefix:
        read.append(sequence)
        return read_prefix(network, sequence, table)

    monkeypatch.setattr(window_reader, "read_prefix", watched)
    monkeypatch.setattr(window_reader, "MOST_PREFIXES", 2)
    first = states(network, ASKED[:1])[0]
    assert torch.equal(states(network, ASKED[:1])[0], first)
    assert len(read) == 1
    states(network, ASKED[1:])
    assert len(engine.prefixes) == 2
    assert torch.equal(states(network, ASKED[:1])[0], first)
    assert len(read) == 5


def test_generation_runs_on_it(network: SoundStorm) -> None:
    options = SoundStormOptions(first_iterations=3)
    network.engine = ConformerEngine(network, 1, torch.float32)
    windows = [window(20, 3), window(9, 7)]
    together = generate(network, windows, options, rng())
    assert [codes.shape for codes in together] == [(Q, 40), (Q, 18)]
    assert max(int(codes.max()) for codes in together) < V
