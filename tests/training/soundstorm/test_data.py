"""Examples joined from recordings, with masks."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.errors import ConfigError
from training.datasets import TokenCorpus, TokenisedUtterance, save_tokens
from training.soundstorm.data import SoundStormDataConfig, SoundStormSource

CONFIG = tiny().soundstorm
RATE = CONFIG.frames_per_semantic
DATA = SoundStormDataConfig(
    batch_frames=600, lengths=((150, 0.5), (300, 0.5)), turn_ids=(5, 20), prompt_ids=(5, 30)
)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made_up_source(
    folder: Path, lengths: list[tuple[str, int]], data: SoundStormDataConfig
) -> SoundStormSource:
    """Level 1 is the speaker's number, level 2 the utterance's, level 3 the frame's place."""
    utterances, semantic, codes, start = [], [], [], 0
    names = sorted({name for name, _ in lengths})
    for index, (name, n_ids) in enumerate(lengths):
        frames = torch.arange(n_ids * RATE)
        semantic.append(torch.arange(n_ids) % CONFIG.n_semantic)
        levels = [torch.full_like(frames, names.index(name)), torch.full_like(frames, index)]
        codes.append(torch.stack([*levels, frames % CONFIG.n_codes, frames * 0]))
        utterances.append(
            TokenisedUtterance(
                semantic_start=start,
                n_semantic=n_ids,
                frame_start=start * RATE,
                n_frames=n_ids * RATE,
                speaker=name,
                source="human",
                split="train",
            )
        )
        start += n_ids
    save_tokens(folder, torch.cat(semantic), torch.cat(codes, dim=1), utterances)
    corpus = TokenCorpus(folder)
    return SoundStormSource(corpus, corpus.utterances, CONFIG, data)


@pytest.fixture
def source(tmp_path: Path) -> SoundStormSource:
    speakers = [(name, 40 + 7 * i) for name in "abc" for i in range(4)] + [("d", 200)]
    return made_up_source(tmp_path, speakers, DATA)


def test_every_example_has_the_length_asked_for_and_something_to_predict(
    source: SoundStormSource,
) -> None:
    for seed in range(60):
        example = source.draw_example(150, rng(seed))
        assert example.n_frames == 150
        assert not bool(example.given.all())
        assert bool(example.given[: example.window_start].all())


def test_a_slot_is_one_speaker_and_its_prompt_is_another_recording(
    source: SoundStormSource,
) -> None:
    n_speakers: Counter[int] = Counter()
    for seed in range(80):
        example = source.draw_example(300, rng(seed))
        window = torch.arange(300) >= example.window_start
        for slot in example.slots[window].unique().tolist():
            own = example.slots == slot
            assert len(example.codes[0, own & window].unique()) == 1
            if slot and example.window_start:
                prompted = own & ~window
                assert torch.equal(
                    example.codes[0, prompted].unique(), example.codes[0, own & window].unique()
                )
                if int(example.codes[0, prompted][0]) != 3:  # "d" has one recording only
                    assert not bool(
                        torch.isin(
                            example.codes[1, prompted].unique(), example.codes[1, own & window]
                        ).any()
                    )
        n_speakers[len(example.slots[window].unique())] += 1
    assert n_speakers[1] > 10
    assert n_speakers[2] > 10


def test_semantic_ids_stay_with_their_frames(source: SoundStormSource) -> None:
    for seed in range(20):
        example = source.draw_example(150, rng(seed))
        speech = example.semantic_ids != CONFIG.no_semantic_id
        place = example.codes[2, speech]
        # Frame f of a recording carries semantic id f // RATE, both modulo their alphabets' 32.
        assert torch.equal((example.semantic_ids[speech] * RATE) % 32, place - place % RATE)


def test_kinds_of_given_frames_occur_as_often_as_asked(source: SoundStormSource) -> None:
    kinds: Counter[str] = Counter()
    for seed in range(300):
        example = source.draw_example(150, rng(seed))
        given = example.given[example.window_start :]
        if example.window_start == 0:
            kinds["unprompted"] += 1
            assert not bool(given.any())
        elif not bool(given.any()):
            kinds["prompts only"] += 1
        else:
            kinds["spans" if bool(given[-1]) else "prefix"] += 1
    assert 12 < kinds["unprompted"] < 55
    assert 30 < kinds["prefix"] < 100
    assert 12 < kinds["spans"] < 75
    assert kinds["prompts only"] > 120


def test_favoured_speakers_are_drawn_as_often_as_asked(tmp_path: Path) -> None:
    alone = dataclasses.replace(
        DATA, speaker_counts=(1.0,), favoured=("b",), favoured_share=0.7, source_shares=()
    )
    speakers = [(name, 40) for name in "abcd" for _ in range(4)]
    source = made_up_source(tmp_path, speakers, alone)
    drawn = Counter(int(source.draw_example(150, rng(seed)).codes[0, -1]) for seed in range(200))
    assert 115 < drawn[1] < 165
    assert min(drawn[0], drawn[2], drawn[3]) > 5


def test_batches_hide_only_what_is_to_be_predicted(source: SoundStormSource) -> None:
    levels: Counter[int] = Counter()
    for seed in range(100):
        batch = source.draw_batch(rng(seed))
        B = len(batch.slots)
        assert batch.slots.numel() == DATA.batch_frames
        assert bool(batch.hidden.any(dim=1).all())
        assert not bool((batch.hidden & batch.given).any())
        seen = batch.seen_codes(CONFIG.hidden_code)
        rows = torch.arange(B)
        assert torch.equal(
            seen[rows, batch.level][batch.hidden], torch.full((int(batch.hidden.sum()),), 32)
        )
        levels.update(batch.level.tolist())
    assert levels[0] / levels.total() == pytest.approx(DATA.first_level, abs=0.1)
    assert levels[1] > levels[3] > 0


def test_the_same_seed_draws_the_same_batch(source: SoundStormSource) -> None:
    one, other = source.draw_batch(rng(4)), source.draw_batch(rng(4))
    for field in dataclasses.fields(one):
        assert torch.equal(getattr(one, field.name), getattr(other, field.name))


def test_a_corpus_of_snippets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none of 2 utterances has 10 semantic ids"):
        made_up_source(tmp_path, [("a", 5), ("b", 9)], DATA)
