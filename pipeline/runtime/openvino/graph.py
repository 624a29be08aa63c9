"""Layers of torch written as nodes of an OpenVINO graph, weights included."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
import torch
from openvino import opset15 as op
from torch import Tensor, nn

Node = Any
"""A node of the graph, or one of its outputs: OpenVINO's operations take either."""


def parameter(name: str, shape: Sequence[int], element_type: ov.Type = ov.Type.f32) -> Node:
    """An input; -1 where its length may differ from call to call."""
    node = op.parameter(ov.PartialShape(list(shape)), element_type, name)
    node.get_output_tensor(0).set_names({name})
    return node


def constant(values: Tensor | Sequence[int] | float) -> Node:
    """Numbers that do not change: a tensor's as float32, a sequence's as int64."""
    if isinstance(values, Tensor):
        return op.constant(values.detach().float().contiguous().numpy())
    if isinstance(values, float):
        return op.constant(np.float32(values))
    return op.constant(np.array(values, dtype=np.int64))


def single(number: int) -> Node:
    """A whole number, where an operation wants no sequence."""
    return op.constant(np.int64(number))


def linear(x: Node, layer: nn.Linear, scale: float = 1.0, reach: float | None = None) -> Node:
    """`scale * layer(x)`, the scale in the weights.

    Args:
        x: (..., n_in).
        layer: its weights.
        scale: factor on what comes out.
        reach: how far from zero inputs go; the product is then made of 8-bit numbers, the inputs
            clipped there, every output's weights with a scale of their own. `None`: it is not.
    """
    weight = layer.weight.detach().float() * scale
    weights = constant(weight)
    if reach is not None:
        x = _in_8_bits(x, torch.tensor(reach), 256)
        weights = _in_8_bits(weights, weight.abs().amax(dim=1, keepdim=True) + 1e-9, 255)
    product = op.matmul(x, weights, False, True)
    return product if layer.bias is None else op.add(product, constant(layer.bias.float() * scale))


def _in_8_bits(x: Node, reach: Tensor, n_steps: int) -> Node:
    low, high = constant(-reach), constant(reach)
    return op.fake_quantize(x, low, high, low, high, n_steps)


def layer_norm(x: Node, layer: nn.LayerNorm) -> Node:
    """`layer(x)` over the last axis."""
    normed = op.mvn(x, constant([-1]), True, layer.eps, "INSIDE_SQRT")
    return op.add(op.multiply(normed, constant(layer.weight)), constant(layer.bias))


def gated(x: Node) -> Node:
    """`torch.nn.functional.glu` over the last axis."""
    halves = op.split(x, single(-1), 2)
    return op.multiply(halves.output(0), op.sigmoid(halves.output(1)))


def rotary(x: Node, cos: Node, sin: Node) -> Node:
    """`pipeline.layers.rotary.apply_rotary`."""
    halves = op.split(x, single(-1), 2)
    first, second = halves.output(0), halves.output(1)
    turned = (
        op.subtract(op.multiply(first, cos), op.multiply(second, sin)),
        op.add(op.multiply(second, cos), op.multiply(first, sin)),
    )
    return op.concat(list(turned), -1)


def split_heads(x: Node, n_parts: int, n_heads: int, head_dim: int) -> Node:
    """(B, T, parts * H * Dh) as (parts, B, H, T, Dh)."""
    parts = op.reshape(x, constant([0, 0, n_parts, n_heads, head_dim]), True)
    return op.transpose(parts, constant([2, 0, 3, 1, 4]))


def pick(x: Node, index: int) -> Node:
    """`x[index]`."""
    return op.gather(x, single(index), single(0))


def merge_heads(x: Node, dim: int) -> Node:
    """(B, H, T, Dh) as (B, T, D)."""
    return op.reshape(op.transpose(x, constant([0, 2, 1, 3])), constant([0, 0, dim]), True)


def depthwise(x: Node, layer: nn.Conv2d) -> Node:
    """Convolve (B, T, D) over frames with a kernel (1, K) for each channel, zeros around."""
    kernel, margin = layer.weight.squeeze(2)[:, None], layer.kernel_size[1] // 2
    turned = op.transpose(x, constant([0, 2, 1]))
    convolved = op.group_convolution(turned, constant(kernel), [1], [margin], [margin], [1])
    assert layer.bias is not None, "convolutions here have a bias"
    return op.add(op.transpose(convolved, constant([0, 2, 1])), constant(layer.bias))


def compile_graph(
    outputs: Sequence[Node], inputs: Sequence[Node], n_threads: int, dtype: torch.dtype
) -> ov.CompiledModel:
    """Make a graph ready to run on this CPU.

    Args:
        outputs: where it ends.
        inputs: where it begins.
        n_threads: cores it may use.
        dtype: bfloat16 or float32, to multiply in.
    """
    precision = "bf16" if dtype is torch.bfloat16 else "f32"
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": n_threads,
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,  # beside other processes a pinned thread waits for its core
    }
    return _core().compile_model(ov.Model(list(outputs), list(inputs)), "CPU", settings)


@functools.cache
def _core() -> ov.Core:
    """One for the whole process: with the last one goes the library that frees what it made."""
    return ov.Core()


def narrow_type(dtype: torch.dtype) -> ov.Type:
    """What the engine calls bfloat16 or float32."""
    return ov.Type.bf16 if dtype is torch.bfloat16 else ov.Type.f32


def shared_tensor(values: Tensor) -> ov.Tensor:
    """A CPU tensor for the engine, float32 or bfloat16, without a copy."""
    assert values.is_contiguous(), "the engine reads contiguous memory"
    if values.dtype is torch.bfloat16:
        return ov.Tensor(values.view(torch.int16).numpy(), list(values.shape), ov.Type.bf16)
    return ov.Tensor(values.numpy(), shared_memory=True)
