"""ConvNeXt block over time, channels last, so that nearly all of its work is matrix products."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution over time, layer norm, two linear layers, scaled, added to the input.

    The convolution is a 2-D one over a view in channels-last memory order, in float32: on a CPU
    that was measured 2 to 4 times faster, forward and backward, than `Conv1d` or shifted sums.

    Args:
        dim: D.
        hidden_dim: width between the two linear layers.
        kernel_frames: frames seen by the convolution; odd.
        scale: start value of the learned factor on the block's output.
    """

    def __init__(
        self, dim: int, hidden_dim: int, kernel_frames: int = 7, scale: float = 0.2
    ) -> None:
        super().__init__()
        assert kernel_frames % 2 == 1, f"a kernel of {kernel_frames} frames has no middle"
        self.depthwise = nn.Conv2d(
            dim, dim, (1, kernel_frames), padding=(0, kernel_frames // 2), groups=dim
        )
        self.norm = nn.LayerNorm(dim)
        self.widen = nn.Linear(dim, hidden_dim)
        self.narrow = nn.Linear(hidden_dim, dim)
        self.scale = nn.Parameter(torch.full((dim,), scale))

    def forward(self, hidden: Tensor) -> Tensor:
        """Add what the block has to say.

        Args:
            hidden: (B, T, D) float.

        Returns:
            (B, T, D) in the weights' dtype, also under autocast; frame t depends on
            `kernel_frames // 2` frames to either side.
        """
        hidden = hidden.to(self.scale.dtype)
        with torch.autocast(hidden.device.type, enabled=False):
            # (B, T, D) as a picture (B, D, 1, T), one pixel high, without a copy
            channels_last_view = hidden.transpose(1, 2).unsqueeze(2)
            mixed = self.depthwise(channels_last_view).squeeze(2).transpose(1, 2)
        # frame by frame: D → hidden_dim → D
        change: Tensor = self.narrow(F.gelu(self.widen(self.norm(mixed))))
        return hidden + self.scale * change
