import pytest
import torch

from pipeline.device import choose_device, inference_autocast, inference_dtype
from pipeline.errors import ConfigError


def test_auto_gives_a_device_that_computes() -> None:
    device = choose_device()
    assert float(torch.ones(2, device=device).sum()) == 2.0


def test_a_named_device_is_the_one_chosen() -> None:
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["toaster", "cuda:99", ""])
def test_a_device_that_cannot_be_used_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match=f"device '{name}' cannot be used here"):
        choose_device(name)


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        ("fpu avx512_bf16 sse2", torch.bfloat16),
        ("fpu amx_bf16", torch.bfloat16),
        ("fpu avx2", torch.float32),
    ],
)
def test_the_processors_flags_decide_the_number_type(
    monkeypatch: pytest.MonkeyPatch, flags: str, dtype: torch.dtype
) -> None:
    monkeypatch.setattr("pipeline.device._cpu_flags", lambda: set(flags.split()))
    assert inference_dtype(torch.device("cpu")) is dtype


def test_a_gpu_computes_in_bfloat16() -> None:
    assert inference_dtype(torch.device("cuda")) is torch.bfloat16


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_autocast_computes_in_the_number_type_asked_for(dtype: torch.dtype) -> None:
    numbers = torch.ones(2, 2)
    with inference_autocast(torch.device("cpu"), dtype):
        assert (numbers @ numbers).dtype is dtype


def test_autocast_follows_the_hardware_unless_asked() -> None:
    cpu, numbers = torch.device("cpu"), torch.ones(2, 2)
    with inference_autocast(cpu):
        assert (numbers @ numbers).dtype is inference_dtype(cpu)
