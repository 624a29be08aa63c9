"""OpenVINO's decoding steps against torch's."""

import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.runtime.openvino import text_to_semantic
from pipeline.runtime.openvino.text_to_semantic import DecoderEngine
from pipeline.text_to_semantic.model import EncodedText, Steps, TextToSemantic
from pipeline.text_to_semantic.torch_steps import TorchSteps

CONFIG = tiny().text_to_semantic
C, N_STEPS = 2, 9


@pytest.fixture(scope="module")
def network() -> TextToSemantic:
    torch.manual_seed(0)
    return TextToSemantic(CONFIG).eval()


@pytest.fixture
def text(network: TextToSemantic) -> EncodedText:
    rng = torch.Generator().manual_seed(1)
    ids = torch.randint(20, 40, (3, 12), generator=rng)
    ids[:, 0], ids[:, 1] = CONFIG.first_speaker_id, CONFIG.first_pace_id + 4
    valid = torch.arange(12) < torch.tensor([12, 7, 10])[:, None]
    prompts = [None, torch.tensor([1, 2, 3]), None]
    with torch.inference_mode():
        return network.encode(ids, valid, prompts)


def walk(steps: Steps, dropped_after: int = N_STEPS) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Logits and attention of each step; then only sequences 0 and 2 go on."""
    rng = torch.Generator().manual_seed(2)
    fed = torch.randint(0, CONFIG.n_semantic, (N_STEPS, 3 * C), generator=rng)
    kept = torch.arange(3 * C)
    seen = []
    with torch.inference_mode():
        for position in range(N_STEPS):
            if position == dropped_after:
                kept = torch.tensor([0, 1, 4, 5])
                steps.keep(torch.tensor([0, 2]), kept)
            seen.append(steps.step(fed[position, kept], position))
    return seen


@pytest.mark.parametrize("dropped_after", [N_STEPS, 6])
@pytest.mark.parametrize("growth", [4, 64])
def test_it_computes_what_torch_does(
    network: TextToSemantic,
    text: EncodedText,
    dropped_after: int,
    growth: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text_to_semantic, "GROWTH", growth)
    engine = DecoderEngine(network, 1, torch.float32)
    wanted = walk(TorchSteps(network, text, 3 * C, N_STEPS), dropped_after)
    made = walk(engine.steps(text, 3 * C), dropped_after)
    for one, other in zip(made, wanted, strict=True):
        for value, expected in zip(one, other, strict=True):
            assert value.shape == expected.shape
            assert torch.allclose(value, expected, atol=1e-4)
