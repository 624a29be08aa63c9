"""What no implementation could go below: operations over this machine's rate, bytes over its speed.

A pass of SoundStorm multiplies matrices; a step of an autoregressive network reads its weights. Of
both, this tells what they need, what the machine gives, and so the least time they could take.
`python -m benchmarks.floors` prints one JSON object a line.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator

import openvino as ov
import torch
from torch import Tensor, nn

from benchmarks.tables import Row
from pipeline.dialogue import DialoguePipeline
from pipeline.runtime.models import Models
from pipeline.runtime.openvino.graph import compile_graph, linear, parameter, shared_tensor
from pipeline.semantic_to_acoustic.sequence import Window, window_to_sequence
from pipeline.semantic_to_acoustic.window_reader import WindowReader, read_prefixes

AUDIO_S = 30.0
TURN_S = 3.0
"""How long the windows are that the seconds of speech are spoken in."""

N_ROWS = 30
"""Rows of a decoding step: ten turns, three candidates each."""


def best_seconds(run: Callable[[], object], repeats: int = 7) -> float:
    """The fastest of some runs, after two that do not count."""
    run()
    run()
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        spent.append(time.perf_counter() - start)
    return min(spent)


def multiply_rate(n_frames: int, dim: int, inner: int, in_8_bits: bool) -> float:
    """Operations per second of one linear layer, alone, as the engine multiplies."""
    layer = nn.Linear(dim, inner)
    x = parameter("x", [n_frames, dim])
    output = linear(x, layer, reach=4.0 if in_8_bits else None)
    compiled = compile_graph([output], [x], torch.get_num_threads(), torch.bfloat16)
    request: ov.InferRequest = compiled.create_infer_request()
    frames = torch.randn(n_frames, dim)
    request.set_tensor("x", shared_tensor(frames))
    return 2.0 * n_frames * dim * inner / best_seconds(request.infer)


def read_rate(n_bytes: int = 256 << 20) -> float:
    """Bytes per second at which memory is read when it is in no cache."""
    numbers = torch.ones(n_bytes // 4)
    return n_bytes / best_seconds(numbers.sum)


def storm_operations(models: Models) -> float:
    """Operations of one SoundStorm pass over `AUDIO_S` in windows of `TURN_S` behind prompts."""
    network, config = models.soundstorm, models.soundstorm.config
    n_frames = AUDIO_S * models.codec.frame_rate_hz
    seen = TURN_S * models.codec.frame_rate_hz + config.prompt_frames_max
    attention = 4.0 * seen * config.dim * config.n_layers
    return float(n_frames * (2.0 * _linear_weights(network.blocks) + attention))


def step_bytes(models: Models) -> float:
    """Bytes that a decoding step of text-to-semantic must read: its weights, once."""
    network = models.text_to_semantic
    read = [network.decoder, network.to_logits, network.due_to_logits, network.from_due]
    element = network.to_logits.weight.element_size()
    return float(sum(_linear_weights(module) for module in read) * element)


def step_operations(models: Models) -> float:
    """Operations of a decoding step of `N_ROWS` rows."""
    weight = models.text_to_semantic.to_logits.weight
    return N_ROWS * 2.0 * step_bytes(models) / weight.element_size()


def _linear_weights(module: nn.Module) -> int:
    """Weights of linear layers, but those that read the text once and for all."""
    return sum(
        layer.weight.numel()
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear) and not name.endswith("to_keys_values")
    )


def measure(models: Models) -> Iterator[Row]:
    """Rates, then floors, then what the networks take."""
    config = models.soundstorm.config
    n_frames = int(AUDIO_S * models.codec.frame_rate_hz)
    shape = (n_frames, config.dim, config.feed_forward_dim)
    wide, narrow = (multiply_rate(*shape, in_8_bits=eight) for eight in (False, True))
    read = read_rate()
    rates = {"bf16_per_s": wide, "int8_per_s": narrow, "bytes_per_s": read}
    yield Row(name="machine", values=rates)
    operations = storm_operations(models)
    storm = {"operations": operations, "floor_bf16_s": operations / wide}
    storm |= {"floor_int8_s": operations / narrow, "measured_s": _pass_seconds(models)}
    yield Row(name="soundstorm_pass_30s", values=storm)
    step = {"bytes": step_bytes(models), "floor_bytes_s": step_bytes(models) / read}
    step["floor_bf16_s"] = step_operations(models) / wide
    yield Row(name="text_to_semantic_step_30_rows", values=step)


@torch.inference_mode()
def _pass_seconds(models: Models) -> float:
    """One pass over windows of `TURN_S`, prompts remembered."""
    network, config = models.soundstorm, models.soundstorm.config
    rng = torch.Generator().manual_seed(0)

    def ids(n: int, *shape: int, below: int) -> Tensor:
        return torch.randint(0, below, (*shape, n), generator=rng)

    n_prompt = config.prompt_frames_max
    rate = config.frames_per_semantic
    prompt = (
        ids(n_prompt // rate, below=config.n_semantic),
        ids(n_prompt, config.n_levels, below=config.n_codes),
    )
    n_ids = round(TURN_S * models.codec.frame_rate_hz / rate)
    window = Window(
        semantic_ids=ids(n_ids, below=config.n_semantic),
        slots=torch.ones(n_ids * rate, dtype=torch.int64),
        prompts={1: prompt},
    )
    sequences = [window_to_sequence(window, config)] * round(AUDIO_S / TURN_S)
    table = network.code_table()
    reader = WindowReader(network, table, sequences, read_prefixes(network, sequences, table))
    codes = reader.pack([s.codes[:, s.window_start :] for s in sequences])
    return best_seconds(lambda: reader.states(codes))


def main(argv: list[str] | None = None) -> None:
    """`python -m benchmarks.floors [--model small] [--engine auto]`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="small")
    parser.add_argument("--engine", default="auto", help="auto, torch or openvino")
    options = parser.parse_args(argv)
    models = DialoguePipeline.load(options.model, "cpu", options.engine).models
    for row in measure(models):
        print(json.dumps({"name": row.name, **row.values}), flush=True)


if __name__ == "__main__":
    main()
