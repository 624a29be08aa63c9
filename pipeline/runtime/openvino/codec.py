"""The spectral codec's decoder as an OpenVINO graph: latents → STFT frames."""

from typing import Any

import torch
import torch.nn.functional as F
from openvino import opset15 as op
from torch import Tensor, nn

from pipeline.layers.convnext import ConvNeXtBlock
from pipeline.runtime.openvino.graph import (
    Node,
    compile_graph,
    constant,
    depthwise,
    layer_norm,
    linear,
    parameter,
    shared_tensor,
)
from pipeline.tokenizers.spectral_codec import SpectralCodec

STEP_FRAMES = 64
"""Latents are filled up to a multiple of this: the engine gets ready for few lengths only."""


class SpectrumEngine:
    """`SpectralCodec.predict_frames`.

    Args:
        codec: whose weights are taken; later changes to them are not seen.
        n_threads: cores to use.
        dtype: bfloat16 or float32, to multiply in.
    """

    def __init__(self, codec: SpectralCodec, n_threads: int, dtype: torch.dtype) -> None:
        self._upsampling = codec.config.upsampling
        self._compiled = compile_graph(*_build(codec), n_threads, dtype)

    def predict_frames(self, latents: Tensor) -> Tensor:
        """STFT frames (B, T * upsampling, n_fft + 2) float32 of latents (B, T, code_dim) float32.

        Whatever fills them up, no frame sees it.
        """
        B, T, _ = latents.shape
        filled = F.pad(latents, (0, 0, 0, -T % STEP_FRAMES)).contiguous()
        inside = (torch.arange(filled.shape[1]) < T).float()[None, :, None].expand(B, -1, -1)
        fine = inside.repeat_interleave(self._upsampling, dim=1)
        inputs = {"latents": filled, "inside": inside.contiguous(), "fine": fine.contiguous()}
        request = self._compiled.create_infer_request()
        for name, values in inputs.items():
            request.set_tensor(name, shared_tensor(values))
        request.infer()
        frames = torch.from_numpy(request.get_output_tensor(0).data)
        return frames[:, : T * self._upsampling].clone()


def _build(codec: SpectralCodec) -> tuple[list[Node], list[Node]]:
    """Outputs and inputs of the graph."""
    config = codec.config
    latents = parameter("latents", [-1, -1, config.code_dim])
    inside = parameter("inside", [-1, -1, 1])
    fine_inside = parameter("fine", [-1, -1, 1])
    coarse = _in_order(latents, codec.decoder, inside)
    batch = op.slice(op.shape_of(coarse), constant([0]), constant([1]), constant([1]))
    shape = op.concat([batch, constant([-1, config.fine_dim])], 0)
    fine = op.reshape(coarse, shape, False)
    return [_in_order(fine, codec.fine_decoder, fine_inside)], [latents, inside, fine_inside]


def _in_order(x: Node, layers: nn.Sequential, inside: Node) -> Node:
    """One layer after another; frames outside are zeros to every convolution."""
    for layer in layers:
        x = _write(x, layer, inside)
    return x


def _write(x: Node, layer: Any, inside: Node) -> Node:
    if isinstance(layer, nn.Linear):
        return linear(x, layer)
    if isinstance(layer, nn.LayerNorm):
        return layer_norm(x, layer)
    assert isinstance(layer, ConvNeXtBlock), f"no node for {type(layer).__name__}"
    mixed = depthwise(op.multiply(x, inside), layer.depthwise)
    widened = op.gelu(linear(layer_norm(mixed, layer.norm), layer.widen), "erf")
    return op.add(x, op.multiply(linear(widened, layer.narrow), constant(layer.scale)))
