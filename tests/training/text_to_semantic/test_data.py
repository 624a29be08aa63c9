import dataclasses

import pytest
import torch

from pipeline.config.networks import TextTokenizerConfig, TextToSemanticConfig
from pipeline.config.sizes import tiny
from pipeline.errors import DialogueError
from pipeline.text_to_semantic.alphabet import SemanticAlphabet
from pipeline.text_to_semantic.layout import NO_PIECE, read_layout
from pipeline.tokenizers.text import TextTokenizer, train_text_tokenizer
from training.datasets import TokenisedUtterance
from training.text_to_semantic.data import (
    BatchConfig,
    BatchSource,
    SpokenText,
    character_ids,
    encode_texts,
    measure_durations,
)

ALPHABET = SemanticAlphabet(tiny().text_to_semantic.n_semantic)


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(
        train_text_tokenizer(["a quick brown fox, 'jumps'."], TextTokenizerConfig())
    )


@pytest.fixture(scope="module")
def network_config(tokenizer: TextTokenizer) -> TextToSemanticConfig:
    return dataclasses.replace(
        tiny().text_to_semantic, n_text_ids=tokenizer.n_ids, max_prompt_ids=6
    )


def _spoken(n: int) -> list[SpokenText]:
    """Utterance k says the letter k of the alphabet k + 1 times; two speakers take turns."""
    return [
        SpokenText(
            text_ids=torch.full((k + 1,), 300),
            semantic_ids=torch.full((2 * k + 5,), k % 30),
            durations=torch.full((k + 2,), (2 * k + 6) / (k + 2)),
            pace=1.0,
            speaker=f"speaker {k % 2}",
        )
        for k in range(n)
    ]


def _source(
    tokenizer: TextTokenizer, network_config: TextToSemanticConfig, **values: float
) -> BatchSource:
    defaults = {"n_frames": 120, "window_frames": 60, "max_turns": 4, **values}
    return BatchSource(_spoken(12), tokenizer, network_config, BatchConfig(**defaults))


def _utterance(text: str, n_semantic: int) -> TokenisedUtterance:
    return TokenisedUtterance(
        semantic_start=0,
        n_semantic=n_semantic,
        frame_start=0,
        n_frames=0,
        speaker="a",
        source="human",
        split="train",
        text=text,
    )


def test_single_turns_are_fed_what_they_said_and_end_with_stop(
    tokenizer: TextTokenizer, network_config: TextToSemanticConfig, rng: torch.Generator
) -> None:
    source = _source(
        tokenizer, network_config, window_share=0.0, corrupted_share=0.0, blind_share=0.0
    )
    for _ in range(5):
        batch = source.draw(rng)
        assert (batch.fed_ids[:, 0] == ALPHABET.start_id).all()
        assert torch.equal(batch.fed_ids[:, 1:], batch.said_ids[:, :-1])
        last = batch.said_valid.sum(dim=1) - 1
        assert (batch.said_ids.gather(1, last[:, None]) == ALPHABET.stop_id).all()
        assert not (batch.said_ids == ALPHABET.turn_change_id).any()
        assert ((batch.frame_pieces == NO_PIECE) == ~batch.said_valid).all()


def test_windows_change_turns_once_between_pieces(
    tokenizer: TextTokenizer, network_config: TextToSemanticConfig, rng: torch.Generator
) -> None:
    source = _source(tokenizer, network_config, window_share=1.0)
    n_pieces_seen = set()
    for _ in range(5):
        batch = source.draw(rng)
        layout = read_layout(batch.text_ids, batch.text_valid, network_config)
        n_pieces = layout.pieces.max(dim=1).values + 1
        n_changes = ((batch.said_ids == ALPHABET.turn_change_id) & batch.said_valid).sum(dim=1)
        assert torch.equal(n_changes, n_pieces - 1)
        assert torch.equal(batch.frame_pieces.max(dim=1).values, n_pieces - 1)
        n_pieces_seen |= set(n_pieces.tolist())
    assert max(n_pieces_seen) > 2


def test_context_is_never_to_be_spoken(
    tokenizer: TextTokenizer, network_config: TextToSemanticConfig, rng: torch.Generator
) -> None:
    source = _source(tokenizer, network_config, window_share=0.0)
    context, piece = source.spoken[3], source.spoken[7]
    ids, durations = (values[None] for values in source.text_ids([piece], context, rng))
    layout = read_layout(ids, torch.ones_like(ids, dtype=torch.bool), network_config)
    assert int(layout.spoken.sum()) == len(piece.text_ids)
    assert layout.spoken[0, -len(piece.text_ids) :].all()
    assert ids.shape[1] == len(context.text_ids) + len(piece.text_ids) + 3
    assert torch.equal(durations > 0, layout.timed)


def test_what_the_decoder_is_told_of_time_covers_every_piece(
    tokenizer: TextTokenizer, network_config: TextToSemanticConfig, rng: torch.Generator
) -> None:
    source = _source(tokenizer, network_config, window_share=1.0)
    batch = source.draw(rng)
    n_said = batch.said_valid.sum(dim=1).float()
    torch.testing.assert_close(batch.durations.sum(dim=1), n_said)
    assert not torch.equal(batch.clock, batch.durations)
    assert torch.equal(batch.clock > 0, batch.durations > 0)


def test_durations_follow_the_phones_and_are_equal_without(tokenizer: TextTokenizer) -> None:
    plain = _utterance("hi you", n_semantic=20)
    torch.testing.assert_close(character_ids(plain, 6), torch.full((7,), 3.0))
    phones = (("pau", 0.2), ("hh", 0.3), ("ay", 0.6), ("y", 0.7), ("uw", 0.84))
    timed = character_ids(dataclasses.replace(plain, phones=phones), 6)
    assert float(timed.sum()) == pytest.approx(21.0)
    assert float(timed[0]) == pytest.approx(5.0)


def test_corruption_spares_start_and_turn_changes_and_never_the_target(
    tokenizer: TextTokenizer, network_config: TextToSemanticConfig, rng: torch.Generator
) -> None:
    source = _source(tokenizer, network_config, window_share=1.0, corrupted_share=0.9)
    batch = source.draw(rng)
    special = batch.said_ids[:, :-1] >= ALPHABET.n_semantic
    assert torch.equal(batch.fed_ids[:, 1:][special], batch.said_ids[:, :-1][special])
    assert not torch.equal(batch.fed_ids[:, 1:], batch.said_ids[:, :-1])
    assert (batch.fed_ids[:, 0] == ALPHABET.start_id).all()


def test_prompts_come_from_others_of_the_same_speaker(
    tokenizer: TextTokenizer, network_config: TextToSemanticConfig, rng: torch.Generator
) -> None:
    source = _source(tokenizer, network_config, window_share=0.0, prompt_probability=1.0)
    n_prompts = 0
    for _ in range(10):
        batch = source.draw(rng)
        for said, prompt in zip(batch.said_ids, batch.prompts, strict=True):
            if prompt is not None:
                n_prompts += 1
                assert len(prompt) <= network_config.max_prompt_ids
                assert int(prompt[0]) != int(said[0])
                assert int(prompt[0]) % 2 == int(said[0]) % 2
    assert n_prompts > 10
    never = _source(tokenizer, network_config, prompt_probability=0.0)
    assert all(prompt is None for prompt in never.draw(rng).prompts)


def test_batches_repeat_with_the_generator(
    tokenizer: TextTokenizer, network_config: TextToSemanticConfig
) -> None:
    source = _source(tokenizer, network_config)
    first, again = (source.draw(torch.Generator().manual_seed(9)) for _ in range(2))
    assert torch.equal(first.text_ids, again.text_ids)
    assert torch.equal(first.fed_ids, again.fed_ids)


def test_durations_are_those_of_a_straight_line(tokenizer: TextTokenizer) -> None:
    utterances = [_utterance("a" * n, 7 + 2 * n) for n in (3, 10, 20, 40)]
    edge, slope = measure_durations(utterances, encode_texts(utterances, tokenizer))
    assert edge == pytest.approx(7.0, abs=0.1)
    assert slope == pytest.approx(2.0, abs=0.05)


def test_a_corpus_without_texts_is_refused(tokenizer: TextTokenizer) -> None:
    utterances = [_utterance("", 10)]
    with pytest.raises(DialogueError, match="no utterance of the corpus has a text"):
        measure_durations(utterances, encode_texts(utterances, tokenizer))


def test_a_corpus_of_too_long_utterances_is_refused(
    tokenizer: TextTokenizer, network_config: TextToSemanticConfig
) -> None:
    with pytest.raises(DialogueError, match="at most 3 semantic ids"):
        _source(tokenizer, network_config, max_utterance_frames=3)
