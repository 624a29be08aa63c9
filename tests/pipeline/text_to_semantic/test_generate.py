import dataclasses

import pytest
import torch
from torch import Tensor

from pipeline.config.sizes import tiny
from pipeline.datatypes.tokens import TextTokens
from pipeline.errors import CancelledError, ScriptError, ShapeError
from pipeline.text_to_semantic.decoding import Candidate, SamplingOptions, decode_batch
from pipeline.text_to_semantic.generate import (
    TextToSemanticOptions,
    _Speaker,
    generate,
    is_acceptable,
    paced_durations,
    score,
)
from pipeline.text_to_semantic.model import TextToSemantic

CONFIG = tiny().text_to_semantic
OPENING = [CONFIG.first_speaker_id, CONFIG.first_pace_id + 4]
OPTIONS = TextToSemanticOptions(strict=False, max_retries=0)
GREEDY = dataclasses.replace(OPTIONS, sampling=SamplingOptions(temperature=0.0, n_candidates=1))


@pytest.fixture(scope="module")
def network() -> TextToSemantic:
    torch.manual_seed(0)
    return TextToSemantic(CONFIG).eval()


def _sequence(text: str, n_pieces: int = 1) -> TextTokens:
    ids = [*OPENING, *(60 + ord(c) % 30 for c in text)] * n_pieces
    return TextTokens(
        text_ids=torch.tensor(ids),
        turn_indices=tuple(range(n_pieces)),
        texts=(text,) * n_pieces,
        pace=(1.0,) * n_pieces,
        pause_after_s=(0.0,) * n_pieces,
    )


def _same(left: list[list[Tensor]], right: list[list[Tensor]]) -> bool:
    return all(
        torch.equal(a, b)
        for ours, theirs in zip(left, right, strict=True)
        for a, b in zip(ours, theirs, strict=True)
    )


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_batch_says_what_each_sequence_says_alone(network: TextToSemantic) -> None:
    sequences = [_sequence("one"), _sequence("twenty two words"), _sequence("ab", n_pieces=2)]
    prompts = [None, torch.arange(9), None]
    together = generate(network, sequences, prompts, GREEDY, _seeded(0))
    alone = [
        generate(network, [sequence], [prompt], GREEDY, _seeded(1))[0]
        for sequence, prompt in zip(sequences, prompts, strict=True)
    ]
    assert _same(together, alone)
    assert [len(pieces) for pieces in together] == [1, 1, 2]


def test_the_same_seed_says_the_same_and_another_seed_does_not(network: TextToSemantic) -> None:
    sequences, prompts = [_sequence("hello there")], [None]
    first = generate(network, sequences, prompts, OPTIONS, _seeded(3))
    assert _same(first, generate(network, sequences, prompts, OPTIONS, _seeded(3)))
    assert not _same(first, generate(network, sequences, prompts, OPTIONS, _seeded(4)))


def test_changing_one_sequence_leaves_the_others(network: TextToSemantic) -> None:
    before = [_sequence("hello there"), _sequence("good day")]
    after = [_sequence("something else"), _sequence("good day")]
    said = [generate(network, s, [None, None], OPTIONS, _seeded(3)) for s in (before, after)]
    assert torch.equal(said[0][1][0], said[1][1][0])


def test_the_best_candidate_is_kept(network: TextToSemantic) -> None:
    sequence = _sequence("which of the three")
    with torch.no_grad():
        text_ids = sequence.text_ids[None]
        text = network.encode(text_ids, torch.ones_like(text_ids, dtype=torch.bool), [None])
        (candidates,) = decode_batch(network, text, OPTIONS.sampling, [_seeded(5)], lambda _: None)
    best = max(candidates, key=lambda candidate: score(candidate, OPTIONS))
    (said,) = generate(network, [sequence], [None], OPTIONS, [_seeded(5)])
    assert len(candidates) == 3
    assert torch.equal(said[0], best.pieces[0])


def test_scores_fall_with_every_fault() -> None:
    good = Candidate(
        pieces=(torch.arange(5),),
        log_likelihood=-2.0,
        coverage=1.0,
        backward_share=0.0,
        length_ratio=1.0,
        ended=True,
    )
    faults = (
        {"log_likelihood": -3.0},
        {"coverage": 0.8},
        {"backward_share": 0.3},
        {"length_ratio": 1.7},
        {"length_ratio": 0.5},
    )
    for fault in faults:
        worse = dataclasses.replace(good, **fault)
        assert is_acceptable(worse, OPTIONS)
        assert score(worse, OPTIONS) < score(good, OPTIONS)
    for fault in ({"ended": False}, {"coverage": 0.1}, {"pieces": (torch.arange(0),)}):
        worse = dataclasses.replace(good, **fault)
        assert not is_acceptable(worse, OPTIONS)
        assert score(worse, OPTIONS) < score(good, OPTIONS) - 100


def test_progress_ends_with_all_finished_and_may_cancel(network: TextToSemantic) -> None:
    seen: list[tuple[str, int, int]] = []

    def note(stage: str, done: int, total: int) -> None:
        seen.append((stage, done, total))

    sequences = [_sequence("ab"), _sequence("cd")]
    generate(network, sequences, [None, None], OPTIONS, _seeded(0), note)
    assert seen[-1] == ("semantic", 2, 2)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)

    def cancel(stage: str, done: int, total: int) -> None:
        raise CancelledError("stop")

    with pytest.raises(CancelledError):
        generate(network, sequences, [None, None], OPTIONS, _seeded(0), cancel)


def test_a_sequence_that_fails_every_time_is_an_error_with_its_text(
    network: TextToSemantic,
) -> None:
    impossible = TextToSemanticOptions(min_coverage=1.1, max_retries=1)
    with pytest.raises(ScriptError, match=r"'hello'.*2 attempts"):
        generate(network, [_sequence("hello")], [None], impossible, _seeded(0))


def test_what_is_too_long_is_refused(network: TextToSemantic) -> None:
    with pytest.raises(ScriptError, match="split it"):
        generate(network, [_sequence("x" * 600)], [None], OPTIONS, _seeded(0))


def test_ids_outside_the_alphabets_are_refused(network: TextToSemantic) -> None:
    strange = dataclasses.replace(_sequence("a"), text_ids=torch.tensor([CONFIG.n_text_ids]))
    with pytest.raises(ShapeError, match="text ids of shape"):
        generate(network, [strange], [None], OPTIONS, _seeded(0))
    with pytest.raises(ShapeError, match="voice prompt with semantic id 32"):
        generate(network, [_sequence("a")], [torch.tensor([32])], OPTIONS, _seeded(0))


def test_texts_and_ids_that_do_not_match_are_refused(network: TextToSemantic) -> None:
    unmatched = dataclasses.replace(_sequence("a"), texts=("a", "b"))
    with pytest.raises(ShapeError, match="1 pieces to speak, but 2 texts"):
        generate(network, [unmatched], [None], OPTIONS, _seeded(0))


@pytest.mark.parametrize("pace", [0.5, 0.8, 1.25, 2.0])
def test_durations_are_the_usual_ones_over_the_pace_of_their_piece(
    network: TextToSemantic, pace: float
) -> None:
    usual = _sequence("some words", n_pieces=2).text_ids[None]
    quick = usual.clone()
    quick[0, 1] = CONFIG.first_pace_id + 8  # whatever the token says, the number counts
    valid = torch.ones_like(usual, dtype=torch.bool)
    with torch.no_grad():
        before = network.predict_durations(usual, valid, [None])
        after = paced_durations(network, quick, valid, [None], [(pace, 1.0)])
    assert after is not None
    half = usual.shape[1] // 2
    assert torch.allclose(after[0, 1:half] * pace, before[0, 1:half], atol=1e-5)
    assert torch.allclose(after[0, half + 1 :], before[0, half + 1 :], atol=1e-5)


def test_the_usual_pace_leaves_durations_to_the_network(network: TextToSemantic) -> None:
    text_ids = _sequence("some words").text_ids[None]
    valid = torch.ones_like(text_ids, dtype=torch.bool)
    assert paced_durations(network, text_ids, valid, [None], [(1.0,)]) is None


def test_neighbours_change_no_bit_of_what_a_sequence_says(network: TextToSemantic) -> None:
    sequences = [_sequence("a" * n) for n in (3, 40, 17, 90, 8, 31, 64)]

    def heard(numbers: list[int]) -> list[list[Candidate]]:
        speaker = _Speaker(network, sequences, [None] * len(sequences), OPTIONS)
        with torch.inference_mode():
            return speaker.speak(numbers, [_seeded(number) for number in numbers], lambda _: None)

    together = heard([0, 1, 2, 3, 4, 5, 6])
    for group in ([0], [3], [5, 2], [6, 1, 4]):
        for number, alone in zip(group, heard(group), strict=True):
            for a, b in zip(alone, together[number], strict=True):
                assert (a.log_likelihood, a.coverage) == (b.log_likelihood, b.coverage)
                assert all(torch.equal(x, y) for x, y in zip(a.pieces, b.pieces, strict=True))
