import torch

from pipeline.layers.convnext import ConvNeXtBlock


def test_a_frame_depends_on_its_neighbours_and_on_nothing_farther_away() -> None:
    torch.manual_seed(0)
    block = ConvNeXtBlock(8, 16, kernel_frames=5)
    hidden = torch.randn(1, 20, 8, requires_grad=True)
    block(hidden)[0, 10].square().sum().backward()
    assert hidden.grad is not None
    touched = hidden.grad[0].abs().sum(-1).nonzero().squeeze(1).tolist()
    assert touched == [8, 9, 10, 11, 12]


def test_the_convolution_is_the_one_that_conv1d_computes() -> None:
    torch.manual_seed(0)
    block = ConvNeXtBlock(6, 12, kernel_frames=3)
    hidden = torch.randn(2, 9, 6)
    mixed = torch.nn.functional.conv1d(
        hidden.transpose(1, 2),
        block.depthwise.weight.squeeze(2),
        block.depthwise.bias,
        padding=1,
        groups=6,
    ).transpose(1, 2)
    change = block.narrow(torch.nn.functional.gelu(block.widen(block.norm(mixed))))
    torch.testing.assert_close(block(hidden), hidden + block.scale * change)


def test_output_keeps_the_dtype_of_the_weights_under_autocast() -> None:
    block = ConvNeXtBlock(8, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert block(torch.zeros(1, 4, 8, dtype=torch.bfloat16)).dtype == torch.float32
