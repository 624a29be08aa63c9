import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.acoustic_to_waveform.decode import acoustic_to_waveform
from pipeline.datatypes.tokens import AcousticTokens
from pipeline.errors import ShapeError

HOP, N_LEVELS, N_CODES, REACH = 4, 3, 16, 5


class ToyCodec:
    """Sums its codes and smears them over `REACH` frames on both sides, with zeros outside."""

    sample_rate_hz = 200
    frame_rate_hz = 50.0
    n_levels = N_LEVELS
    n_codes = N_CODES

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.kernel = torch.randn(HOP, 1, 2 * REACH + 1, generator=generator)
        self.shapes: list[tuple[int, ...]] = []

    def decode(self, codes: Tensor) -> Tensor:
        self.shapes.append(tuple(codes.shape))
        smeared = F.conv1d(codes.float().sum(1, keepdim=True), self.kernel, padding=REACH)
        return smeared.transpose(1, 2).flatten(1)


def tokens(n_frames: int, seed: int = 0) -> AcousticTokens:
    codes = torch.randint(
        N_CODES, (N_LEVELS, n_frames), generator=torch.Generator().manual_seed(seed)
    )
    return AcousticTokens(codes=codes, speaker="S1", frame_rate_hz=50.0)


@pytest.mark.parametrize("n_frames", [1, 20, 21, 59, 60, 61, 137])
def test_decoding_in_chunks_equals_decoding_whole(n_frames: int) -> None:
    codec, turn = ToyCodec(), tokens(n_frames)
    chunked = acoustic_to_waveform([turn], codec, chunk_frames=20, context_frames=REACH)[0]
    whole = codec.decode(turn.codes[None])[0].numpy()
    assert chunked.samples.shape == (n_frames * HOP,)
    torch.testing.assert_close(torch.from_numpy(chunked.samples), torch.from_numpy(whole))


def test_too_little_context_would_be_heard() -> None:
    codec, turn = ToyCodec(), tokens(60)
    chunked = acoustic_to_waveform([turn], codec, chunk_frames=20, context_frames=0)[0]
    assert abs(chunked.samples - codec.decode(turn.codes[None])[0].numpy()).max() > 1.0


def test_each_turn_gets_its_own_sound_in_order() -> None:
    codec, turns = ToyCodec(), [tokens(n, seed) for seed, n in enumerate([30, 10, 30, 75])]
    sounds = acoustic_to_waveform(turns, codec, chunk_frames=20, context_frames=REACH)
    for turn, sound in zip(turns, sounds, strict=True):
        alone = codec.decode(turn.codes[None])[0]
        torch.testing.assert_close(torch.from_numpy(sound.samples), alone)
        assert sound.sample_rate_hz == codec.sample_rate_hz


def test_turns_of_equal_length_are_decoded_together() -> None:
    codec = ToyCodec()
    acoustic_to_waveform([tokens(30, 1), tokens(10, 2), tokens(30, 3)], codec)
    assert sorted(codec.shapes) == [(1, N_LEVELS, 10), (2, N_LEVELS, 30)]


def test_memory_is_bounded_whatever_the_length() -> None:
    codec = ToyCodec()
    acoustic_to_waveform([tokens(20_000)], codec)
    assert max(batch * n_frames for batch, _, n_frames in codec.shapes) <= 4000


def test_progress_ends_complete() -> None:
    calls: list[tuple[str, int, int]] = []
    acoustic_to_waveform(
        [tokens(60)],
        ToyCodec(),
        chunk_frames=20,
        on_progress=lambda stage, done, total: calls.append((stage, done, total)),
    )
    assert calls[0] == ("waveform", 0, 3)
    assert calls[-1] == ("waveform", 3, 3)


def test_no_turns_give_no_sound() -> None:
    assert acoustic_to_waveform([], ToyCodec()) == []


@pytest.mark.parametrize(
    ("codes", "rate", "message"),
    [
        (torch.zeros(N_LEVELS, 0, dtype=torch.int64), 50.0, "turn 1: codes of shape"),
        (torch.zeros(N_LEVELS + 1, 9, dtype=torch.int64), 50.0, "turn 1: codes of shape"),
        (torch.zeros(1, N_LEVELS, 9, dtype=torch.int64), 50.0, "turn 1: codes of shape"),
        (torch.full((N_LEVELS, 9), N_CODES), 50.0, "turn 1: codes from 16 to 16"),
        (torch.full((N_LEVELS, 9), -1), 50.0, "turn 1: codes from -1 to -1"),
        (torch.zeros(N_LEVELS, 9, dtype=torch.int64), 75.0, "turn 1: codes at 75 frames"),
    ],
)
def test_codes_of_another_codec_are_refused(codes: Tensor, rate: float, message: str) -> None:
    turn = AcousticTokens(codes=codes, speaker="S1", frame_rate_hz=rate)
    with pytest.raises(ShapeError, match=message):
        acoustic_to_waveform([turn], ToyCodec())
