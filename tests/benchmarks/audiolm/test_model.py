"""The baseline's networks read codes as they are generated: each from those before it."""

import pytest
import torch

from benchmarks.audiolm.model import AudioLM, CodeDecoder, flatten_codes
from pipeline.errors import ShapeError
from tests.benchmarks.audiolm.networks import CONFIG, drawn_ids, lively_network

T = 6


def _stage(name: str) -> tuple[CodeDecoder, torch.Tensor]:
    network = lively_network()
    if name == "coarse":
        return network.coarse, drawn_ids(2, T // CONFIG.frames_per_semantic, below=32)
    return network.fine, flatten_codes(drawn_ids(2, CONFIG.n_coarse, T))


def test_codes_are_flattened_frame_by_frame() -> None:
    codes = torch.tensor([[[0, 1, 2], [10, 11, 12]]])
    assert flatten_codes(codes).tolist() == [[0, 10, 1, 11, 2, 12]]


@pytest.mark.parametrize("name", ["coarse", "fine"])
def test_a_state_hangs_on_all_earlier_codes_and_on_no_later_one(name: str) -> None:
    stage, prefix = _stage(name)
    codes = drawn_ids(2, stage.n_made, T, seed=2)
    n, frame, level = stage.n_made, 3, 1
    other = codes.clone()
    other[:, level, frame] = (other[:, level, frame] + 1) % CONFIG.n_codes
    with torch.no_grad():
        change = (stage(prefix, codes) - stage(prefix, other)).abs().amax(dim=(0, 3))
    flat = change.T.flatten()
    place = frame * n + level
    assert float(flat[: place + 1].max()) < 1e-5
    assert float(flat[place + 1 :].min()) > 1e-5


@pytest.mark.parametrize("name", ["coarse", "fine"])
def test_every_state_knows_the_whole_prefix(name: str) -> None:
    stage, prefix = _stage(name)
    codes = drawn_ids(2, stage.n_made, T, seed=2)
    other = prefix.clone()
    other[:, -1] = (other[:, -1] + 1) % CONFIG.n_codes
    with torch.no_grad():
        change = (stage(prefix, codes) - stage(other, codes)).abs().amax(dim=(0, 3))
    assert float(change.min()) > 1e-6


@pytest.mark.parametrize("name", ["coarse", "fine"])
def test_beside_a_code_its_own_moment_is_told(name: str) -> None:
    stage, prefix = _stage(name)
    codes = drawn_ids(2, stage.n_made, T, seed=2)
    other = prefix.clone()
    share = prefix.shape[1] // (T // CONFIG.frames_per_semantic)
    other[:, share : 2 * share] = (other[:, share : 2 * share] + 1) % CONFIG.n_codes
    change = (stage.embed(prefix, codes) - stage.embed(other, codes)).abs().amax(dim=(0, 2))
    told = change[prefix.shape[1] :].view(T, stage.n_made).amax(dim=1) > 0
    assert told.nonzero().flatten().tolist() == [2, 3]


@pytest.mark.parametrize("name", ["coarse", "fine"])
def test_a_prefix_stands_where_the_codes_of_its_moment_stand(name: str) -> None:
    stage, prefix = _stage(name)
    positions = stage.prefix_positions(prefix.shape[1], torch.device("cpu"))
    places = torch.arange(T * stage.n_made) / stage.n_made
    for index, moment in enumerate(positions / stage.n_made):
        share = T / prefix.shape[1]
        about = (places >= index * share) & (places < (index + 1) * share)
        assert places[about].min() <= moment <= places[about].max()


def test_levels_share_no_embedding_and_no_head() -> None:
    stage = lively_network().coarse
    with torch.no_grad():
        for tables in (stage.code_table(), stage.heads()[0]):
            assert float((tables[0] - tables[1]).abs().sum(dim=1).min()) > 1e-3


def test_codebooks_of_other_axes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"codebooks have axes \(4, 31, 8\)"):
        AudioLM(CONFIG, torch.zeros(4, 31, 8))
