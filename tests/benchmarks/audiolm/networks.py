"""An untrained baseline whose next code depends on all before it, for the tests of this folder."""

import dataclasses

import torch
from torch import Tensor

from benchmarks.audiolm.config import AudioLMConfig, like_soundstorm
from benchmarks.audiolm.model import AudioLM
from pipeline.config.sizes import tiny

CONFIG: AudioLMConfig = dataclasses.replace(
    like_soundstorm(tiny().soundstorm),
    window_ids=10,
    overlap_ids=3,
    chunk_frames=7,
    fine_prompt_frames=3,
)


def seeded(seed: int = 0) -> torch.Generator:
    """A CPU generator."""
    return torch.Generator().manual_seed(seed)


def lively_network(config: AudioLMConfig = CONFIG) -> AudioLM:
    """Weights so large that a code's likelihood hangs on what came before."""
    torch.manual_seed(0)
    shape = (config.n_levels, config.n_codes, config.code_dim)
    network = AudioLM(config, torch.randn(shape))
    for stage in (network.coarse, network.fine):
        stage.head_projection.data.mul_(20.0)
        torch.nn.init.xavier_uniform_(stage.beside.weight)
    return network


def drawn_ids(*shape: int, below: int = CONFIG.n_codes, seed: int = 1) -> Tensor:
    """Ids int64 of any shape."""
    return torch.randint(0, below, shape, generator=seeded(seed))
