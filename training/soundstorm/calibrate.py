"""Recipe: how far from zero the inputs of SoundStorm's linear layers go, so that 8 bits hold them.

`python -m training.soundstorm.calibrate --size small --data DIR --out DIR` writes `reaches.json`
beside the exported weights; an engine that multiplies 8-bit numbers (`pipeline/runtime/openvino`)
reads it.
"""

import itertools
import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from pipeline.config.networks import SoundStormConfig
from pipeline.device import choose_device
from pipeline.errors import ConfigError
from pipeline.files.atomic import write_text
from pipeline.files.checkpoint import load_config, load_network
from pipeline.runtime.engines import REACHES_NAME
from pipeline.semantic_to_acoustic.generate import SoundStormOptions, generate
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.semantic_to_acoustic.sequence import Window
from pipeline.tokenizers.codec import load_codec
from training.config import StageOptions
from training.datasets import TokenCorpus, TokenisedUtterance
from training.options import parse_stage_options

logger = logging.getLogger(__name__)

N_WINDOWS = 24
LONGEST_IDS = 250
LONGEST_PROMPT_IDS = 75

SHARE_WITHIN = 0.9999
"""Share of a layer's inputs, in any one call, that its reach must hold; the rest is clipped."""


def run(options: StageOptions) -> None:
    """Speak held-out semantic ids with the exported weights and watch every linear layer.

    Args:
        options: `out` holds `tokens/`, `models/codec` and `models/soundstorm`.

    Raises:
        CheckpointError: if tokens or networks are missing.
        ConfigError: if no held-out speaker has two utterances.
    """
    folder = options.out / "models" / "soundstorm"
    device = choose_device(options.device)
    codebooks = load_codec(options.out / "models" / "codec", torch.device("cpu")).codebooks
    network = SoundStorm(load_config(folder, SoundStormConfig), codebooks)
    load_network(folder, network)
    network.to(device).eval()
    windows = draw_windows(TokenCorpus(options.out / "tokens"), network.config)
    reaches = measure_reaches(network, windows)
    text = json.dumps({name: round(reach, 4) for name, reach in reaches.items()}, indent=1) + "\n"
    write_text(folder / REACHES_NAME, text)
    logger.info("reaches: %d layers, to %s", len(reaches), folder / REACHES_NAME)


def draw_windows(tokens: TokenCorpus, config: SoundStormConfig) -> list[Window]:
    """Held-out utterances, each behind a prompt of another one of its speaker.

    Raises:
        ConfigError: if no held-out speaker has two utterances.
    """
    by_speaker: dict[str, list[TokenisedUtterance]] = defaultdict(list)
    for utterance in tokens.select("dev"):
        by_speaker[utterance.speaker].append(utterance)
    pairs = [pair for own in by_speaker.values() for pair in itertools.pairwise(own)]
    if not pairs:
        raise ConfigError("reaches: no held-out speaker has two utterances; add speech to the data")
    rng = torch.Generator().manual_seed(0)
    chosen = torch.randperm(len(pairs), generator=rng)[:N_WINDOWS].tolist()
    return [_window(tokens, pairs[number], config) for number in chosen]


def _window(
    tokens: TokenCorpus, pair: Sequence[TokenisedUtterance], config: SoundStormConfig
) -> Window:
    prompt, spoken = pair
    prompt_ids = tokens.semantic_ids(prompt)[:LONGEST_PROMPT_IDS]
    codes = tokens.codes(prompt)[:, : len(prompt_ids) * config.frames_per_semantic]
    ids = tokens.semantic_ids(spoken)[:LONGEST_IDS]
    return Window(
        semantic_ids=ids,
        slots=torch.ones(len(ids) * config.frames_per_semantic, dtype=torch.int64),
        prompts={1: (prompt_ids, codes)},
    )


def measure_reaches(network: SoundStorm, windows: Sequence[Window]) -> dict[str, float]:
    """Speak windows and keep, for each linear layer of the blocks, the widest reach of any call.

    Args:
        network: in eval mode.
        windows: to speak, prompts included.

    Returns:
        Name of the layer in the network to its reach, above 0.
    """
    options = SoundStormOptions(batch_frames=2000)
    with _watched(network) as reaches:
        generate(network, windows, options, torch.Generator().manual_seed(0))
    return reaches


@contextmanager
def _watched(network: SoundStorm) -> Iterator[dict[str, float]]:
    reaches: dict[str, float] = {}

    def watch(name: str, x: Tensor) -> None:
        distances = x.detach().float().abs().flatten()
        reach = float(distances.kthvalue(max(1, round(SHARE_WITHIN * len(distances)))).values)
        reaches[name] = max(reaches.get(name, 1e-6), reach)

    hooks = [
        layer.register_forward_pre_hook(lambda _layer, given, name=name: watch(name, given[0]))
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear) and name.startswith("blocks.")
    ]
    try:
        yield reaches
    finally:
        for hook in hooks:
            hook.remove()


def main(argv: list[str] | None = None) -> None:
    """`python -m training.soundstorm.calibrate`."""
    run(parse_stage_options(argv, description="Measure what 8 bits must hold in SoundStorm."))


if __name__ == "__main__":
    main()
