import random

import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.config.networks import TextTokenizerConfig
from pipeline.datatypes.script import Turn
from pipeline.errors import ScriptError
from pipeline.normalisation.normalise import normalise_text
from pipeline.tokenizers.text import TextTokenizer, train_text_tokenizer
from pipeline.turns_to_text.pieces import estimate_seconds
from pipeline.turns_to_text.sequences import turns_to_text_tokens, turns_to_windows

LIMITS = LimitsConfig()


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    texts = ["the quick brown fox jumps over the lazy dog's .,?!;:- back."]
    return TextTokenizer(train_text_tokenizer(texts, TextTokenizerConfig()))


def _turn(text: str, speaker: str = "S1", **fields: object) -> Turn:
    return Turn(speaker=speaker, text=text, spoken_text=text, **fields)  # type: ignore[arg-type]


def _random_turns(rng: random.Random, n: int) -> list[Turn]:
    ends = ["", "", "", ",", ".", "?", ";"]
    return [
        _turn(
            " ".join(
                rng.choice(["so", "well", "tomorrow", "it"]) + rng.choice(ends)
                for _ in range(n_words)
            ),
            speaker=f"S{rng.randint(1, 4)}",
            pace=rng.choice([0.7, 1.0, 1.6]),
        )
        for n_words in rng.choices(range(1, 150), k=n)
    ]


def test_each_turn_follows_the_one_before_as_context(tokenizer: TextTokenizer) -> None:
    turns = [_turn("Hello you."), _turn("Hi!", "S2", pace=0.5), _turn("Bye.")]
    shown = [
        tokenizer.decode(t.text_ids.tolist())
        for t in turns_to_text_tokens(turns, tokenizer, LIMITS)
    ]
    assert shown == ["[S1][P5]hello you.", "[S1]hello you.[S2][P1]hi!", "[S2]hi![S1][P5]bye."]


def test_no_word_is_lost_and_no_piece_is_too_long(tokenizer: TextTokenizer) -> None:
    turns = _random_turns(random.Random(1), 30)
    sequences = turns_to_text_tokens(turns, tokenizer, LIMITS)
    for index, turn in enumerate(turns):
        texts = [s.texts[0] for s in sequences if s.turn_indices == (index,)]
        assert " ".join(texts) == normalise_text(turn.spoken_text)
        assert all(len(text) <= LIMITS.max_piece_characters for text in texts)
    assert [s.turn_indices for s in sequences] == sorted(s.turn_indices for s in sequences)


def test_long_turns_are_cut_at_sentence_ends_and_short_sentences_stay_together(
    tokenizer: TextTokenizer,
) -> None:
    sentence = "this is a sentence of forty letters, ok."
    turn = _turn(" ".join([sentence] * 8) + " Yes. No. Fine.")
    texts = [s.texts[0] for s in turns_to_text_tokens([turn], tokenizer, LIMITS)]
    assert texts == [" ".join([sentence] * 3)] * 2 + [f"{sentence} {sentence} yes. no. fine."]


def test_later_pieces_have_the_piece_before_as_context(tokenizer: TextTokenizer) -> None:
    first, second = turns_to_text_tokens(
        [_turn("One. Two.", "S3", pauses=((5, 0.5),))], tokenizer, LIMITS
    )
    assert tokenizer.decode(second.text_ids.tolist()) == "[S3]one.[S3][P5]two."
    assert (first.pause_after_s, second.pause_after_s) == ((0.5,), (0.0,))


def test_no_pause_is_lost(tokenizer: TextTokenizer) -> None:
    turn = _turn("One. ... Two.", pauses=((5, 0.5), (9, 0.25), (13, 2.0), (13, 1.0)))
    for sequences in (
        turns_to_text_tokens([turn], tokenizer, LIMITS),
        turns_to_windows([turn], tokenizer, LIMITS),
    ):
        texts = [text for s in sequences for text in s.texts]
        pauses = [seconds for s in sequences for seconds in s.pause_after_s]
        assert texts == ["one.", "two."]
        assert pauses == [0.75, 3.0]


def test_windows_hold_every_piece_once_and_fit(tokenizer: TextTokenizer) -> None:
    turns = _random_turns(random.Random(2), 40)
    pieces = [
        (s.turn_indices[0], s.texts[0]) for s in turns_to_text_tokens(turns, tokenizer, LIMITS)
    ]
    windows = turns_to_windows(turns, tokenizer, LIMITS, max_seconds=30)
    assert [p for w in windows for p in zip(w.turn_indices, w.texts, strict=True)] == pieces
    for window in windows:
        seconds = [
            estimate_seconds(t, p, LIMITS) for t, p in zip(window.texts, window.pace, strict=True)
        ]
        assert sum(seconds) <= 25 or len(seconds) == 1
    assert len(windows) < len(pieces)


def test_a_window_marks_each_piece(tokenizer: TextTokenizer) -> None:
    (window,) = turns_to_windows(
        [_turn("Hello you."), _turn("Hi!", "S2", pace=2.0)], tokenizer, LIMITS
    )
    assert tokenizer.decode(window.text_ids.tolist()) == "[S1][P5]hello you.[S2][P9]hi!"


def test_half_the_pace_takes_twice_the_time() -> None:
    assert estimate_seconds("hello", 0.5, LIMITS) == 2 * estimate_seconds("hello", 1.0, LIMITS)


def test_an_endless_word_is_refused(tokenizer: TextTokenizer) -> None:
    with pytest.raises(
        ScriptError, match=r"line 7: 'aaaa.* one word of 10000 characters, at most 160"
    ):
        turns_to_text_tokens([_turn("a" * 10_000, line=7)], tokenizer, LIMITS)


def test_a_turn_without_words_is_refused(tokenizer: TextTokenizer) -> None:
    with pytest.raises(ScriptError, match=r"line 2: '\.\.\.' has no words"):
        turns_to_windows([_turn("...", line=2)], tokenizer, LIMITS)
