import numpy as np
import pytest
import torch

from pipeline.audio.levels import speech_level_db, speech_span
from pipeline.config.limits import MixConfig
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.tokens import AcousticTokens
from pipeline.errors import AudioError, ShapeError
from pipeline.waveform_to_dialogue.cut import HEADROOM_DB, level_and_cut
from pipeline.waveform_to_dialogue.place import (
    GrowingMix,
    MixedDialogue,
    prompt_gain,
    waveform_to_dialogue,
)

RATE = 16_000
CONFIG = MixConfig()
TOLERANCE_S = 0.011


def speech(seconds: float = 1.0, around_s: float = 0.2, amplitude: float = 0.1) -> np.ndarray:
    """A tone in silence."""
    times = np.arange(round(seconds * RATE)) / RATE
    quiet = np.zeros(round(around_s * RATE))
    voiced = amplitude * np.sin(2 * np.pi * 300 * times)
    return np.concatenate([quiet, voiced, quiet]).astype(np.float32)


def turn(speaker: str = "S1", gap_s: float | None = None, text: str = "Hi.") -> Turn:
    return Turn(speaker=speaker, text=text, spoken_text=text, gap_s=gap_s)


def mixed(
    turns: list[Turn],
    sounds: list[np.ndarray] | None = None,
    pauses: dict[int, tuple[tuple[int, float], ...]] | None = None,
    config: MixConfig = CONFIG,
    gains: dict[str, float] | None = None,
) -> MixedDialogue:
    sounds = [speech() for _ in turns] if sounds is None else sounds
    waveforms = [Waveform(samples=sound, sample_rate_hz=RATE) for sound in sounds]
    acoustic = [
        AcousticTokens(
            codes=torch.zeros(1, 1, dtype=torch.int64),
            speaker=turn.speaker,
            frame_rate_hz=50.0,
            pauses=(pauses or {}).get(index, ()),
        )
        for index, turn in enumerate(turns)
    ]
    gains = {turn.speaker: 1.0 for turn in turns} if gains is None else gains
    return waveform_to_dialogue(waveforms, acoustic, turns, gains, config)


def heard_span_s(dialogue: MixedDialogue, speaker: str) -> tuple[float, float]:
    first, last = speech_span(dialogue.stems[speaker].samples, RATE)
    return first / RATE, last / RATE


@pytest.mark.parametrize("gap_s", [None, 0.0, 0.1, 0.7, 3.0, -0.3, -0.9])
@pytest.mark.parametrize("around_s", [0.0, 0.02, 0.5])
def test_gaps_and_overlaps_are_heard_where_asked(gap_s: float | None, around_s: float) -> None:
    sounds = [speech(1.0, around_s), speech(1.2, around_s)]
    dialogue = mixed([turn("S1"), turn("S2", gap_s)], sounds)
    wanted_s = CONFIG.default_gap_s if gap_s is None else gap_s
    heard_s = heard_span_s(dialogue, "S2")[0] - heard_span_s(dialogue, "S1")[1]
    assert heard_s == pytest.approx(wanted_s, abs=2 * TOLERANCE_S)
    first, second = dialogue.captions
    assert second.start_s - first.end_s == pytest.approx(wanted_s, abs=1e-3)


def test_captions_frame_the_speech_that_is_heard() -> None:
    dialogue = mixed([turn("S1", text="As typed {x}"), turn("S2", 0.5)])
    for caption in dialogue.captions:
        start_s, end_s = heard_span_s(dialogue, caption.speaker)
        assert caption.start_s == pytest.approx(start_s, abs=TOLERANCE_S)
        assert caption.end_s == pytest.approx(end_s, abs=TOLERANCE_S)
    assert [caption.turn for caption in dialogue.captions] == [0, 1]
    assert dialogue.captions[0].text == "As typed {x}"


def test_no_turn_starts_before_the_turn_before_it() -> None:
    dialogue = mixed([turn("S1", -5.0), turn("S2", -9.0), turn("S3", -9.0), turn("S1", -0.2)])
    starts = [caption.start_s for caption in dialogue.captions]
    assert starts == sorted(starts)
    assert starts[0] >= 0


def test_the_first_turn_waits_only_if_asked() -> None:
    assert mixed([turn()]).captions[0].start_s < 0.05
    assert mixed([turn(gap_s=1.5)]).captions[0].start_s == pytest.approx(1.5, abs=TOLERANCE_S)


def test_stems_add_up_to_the_mix_and_are_as_long() -> None:
    dialogue = mixed([turn("S1"), turn("S2", -0.5), turn("S1", -0.5), turn("S3")])
    assert list(dialogue.stems) == ["S1", "S2", "S3"]
    total = np.sum([stem.samples for stem in dialogue.stems.values()], axis=0)
    np.testing.assert_allclose(total, dialogue.mix.samples, atol=1e-6)


def test_two_voices_at_once_never_pass_the_limit() -> None:
    dialogue = mixed([turn("S1"), turn("S2", -1.0)], gains={"S1": 9.0, "S2": 9.0})
    limit = 10 ** ((CONFIG.peak_limit_db - HEADROOM_DB) / 20)
    for sound in dialogue.sounds:
        assert abs(sound.samples).max() == pytest.approx(limit, rel=1e-5)
    assert abs(dialogue.mix.samples).max() <= 10 ** (CONFIG.peak_limit_db / 20) * 1.01
    assert dialogue.notes == ()


def test_three_voices_at_once_are_limited_at_full_scale_and_noted() -> None:
    turns = [turn("S1"), turn("S2", -1.0), turn("S3", -1.0)]
    dialogue = mixed(turns, gains={"S1": 9.0, "S2": 9.0, "S3": 9.0})
    assert abs(dialogue.mix.samples).max() == 1.0
    (note,) = dialogue.notes
    assert str(note).startswith("line 1: the voices heard at once there were together louder")


def test_a_peak_that_is_too_high_lowers_its_own_turn_only_and_as_a_whole() -> None:
    sounds = [speech(), speech()]
    sounds[0][8000] = 0.9
    loud, other = mixed([turn(), turn()], sounds).sounds
    limit = 10 ** ((CONFIG.peak_limit_db - HEADROOM_DB) / 20)
    assert abs(loud.samples).max() == pytest.approx(limit, rel=1e-5)
    assert np.median(abs(loud.samples)) / np.median(abs(other.samples)) == pytest.approx(
        limit / 0.9, rel=1e-2
    )


@pytest.mark.parametrize("amplitude", [0.4, 0.02])
def test_a_prompt_tells_the_gain_to_the_target_level(amplitude: float) -> None:
    prompt = Waveform(samples=speech(amplitude=amplitude), sample_rate_hz=RATE)
    levelled = prompt.samples * prompt_gain(prompt, CONFIG)
    assert speech_level_db(levelled, RATE) == pytest.approx(CONFIG.target_level_db, abs=0.3)


def test_a_silent_prompt_changes_nothing() -> None:
    silence = Waveform(samples=np.zeros(RATE, dtype=np.float32), sample_rate_hz=RATE)
    assert prompt_gain(silence, CONFIG) == 1.0


def test_a_speaker_may_still_whisper_one_turn() -> None:
    sounds = [speech(amplitude=0.2), speech(amplitude=0.05)]
    dialogue = mixed([turn("S1"), turn("S1", 1.0)], sounds)
    samples = dialogue.stems["S1"].samples
    loud, soft = (
        speech_level_db(samples[int(c.start_s * RATE) : int(c.end_s * RATE)], RATE)
        for c in dialogue.captions
    )
    assert loud - soft == pytest.approx(20 * np.log10(4), abs=0.1)


def test_a_silent_speaker_stays_silent() -> None:
    dialogue = mixed([turn("S1"), turn("S2")], [speech(), np.zeros(RATE, dtype=np.float32)])
    assert not dialogue.stems["S2"].samples.any()
    assert np.isfinite(dialogue.mix.samples).all()


def test_turns_begin_and_end_without_a_step() -> None:
    constant = np.full(RATE, 0.2, dtype=np.float32)
    samples = mixed([turn()], [constant], pauses={0: ((25, 0.1),)}).mix.samples
    assert abs(np.diff(samples, prepend=0, append=0)).max() < 0.02 * abs(samples).max()


def test_speech_is_never_cut_even_without_silence_around_it() -> None:
    dialogue = mixed([turn()], [speech(1.0, around_s=0.0)])
    assert len(dialogue.mix.samples) == RATE


def test_an_inline_pause_falls_where_asked() -> None:
    dialogue = mixed([turn(), turn("S2")], pauses={0: ((40, 0.5),)})
    samples = dialogue.stems["S1"].samples
    start = dialogue.captions[0].start_s
    # The turn's speech starts 0.2 s after its codes; frame 40 lies 0.8 s after them.
    pause = slice(round((start + 0.6) * RATE), round((start + 1.1) * RATE))
    assert not samples[pause].any()
    assert abs(samples[pause.start - 400 : pause.start]).max() > 0.01
    assert abs(samples[pause.stop : pause.stop + 400]).max() > 0.01
    assert dialogue.captions[0].end_s - start == pytest.approx(1.5, abs=TOLERANCE_S)
    gap_s = dialogue.captions[1].start_s - dialogue.captions[0].end_s
    assert gap_s == pytest.approx(CONFIG.default_gap_s, abs=1e-3)


@pytest.mark.parametrize("frame", [0, 5])
def test_a_pause_before_the_first_word_delays_the_turn(frame: int) -> None:
    dialogue = mixed([turn(), turn("S2", 0.1)], pauses={1: ((frame, 0.6),)})
    first, second = dialogue.captions
    assert second.start_s - first.end_s == pytest.approx(0.7, abs=1e-3)


def test_a_pause_after_the_last_word_delays_the_next_turn_and_the_end() -> None:
    dialogue = mixed([turn(), turn("S2", 0.1)], pauses={0: ((70, 0.6),), 1: ((70, 2.0),)})
    first, second = dialogue.captions
    assert second.start_s - first.end_s == pytest.approx(0.7, abs=1e-3)
    assert dialogue.mix.duration_s - second.end_s == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize(
    ("sounds", "n_turns", "message"),
    [
        ([], 0, "0 waveforms, 0 code sequences, 0 turns"),
        ([speech()], 2, "1 waveforms, 2 code sequences, 2 turns"),
        ([speech(), np.zeros(0, dtype=np.float32)], 2, "turn 2 has no samples"),
    ],
)
def test_turns_without_sound_are_refused(
    sounds: list[np.ndarray], n_turns: int, message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        mixed([turn() for _ in range(n_turns)], sounds)


def test_different_rates_are_refused() -> None:
    growing = GrowingMix(CONFIG, 24_000)
    with pytest.raises(ShapeError, match=r"sample rates \[16000, 24000\]"):
        growing.add(cut(speech()), turn(), None)


def test_samples_that_are_not_finite_are_refused() -> None:
    with pytest.raises(AudioError, match="turn 1 has samples that are not finite"):
        mixed([turn()], [np.full(100, np.nan, dtype=np.float32)])


def cut(sound: np.ndarray, pauses: tuple[tuple[int, float], ...] = ()) -> TurnCut:
    codes = torch.zeros(1, 1, dtype=torch.int64)
    tokens = AcousticTokens(codes=codes, speaker="S1", frame_rate_hz=50.0, pauses=pauses)
    return level_and_cut(Waveform(samples=sound, sample_rate_hz=RATE), tokens, 1.0, CONFIG, 0)


@pytest.mark.parametrize(
    "gaps", [(None, None, None), (0.5, -0.8, 2.0), (-3.0, -3.0, -3.0), (None, 0.0, -0.5)]
)
@pytest.mark.parametrize("pauses", [(), ((2, 0.4),), ((40, 0.3), (70, 0.9))])
def test_what_is_given_away_is_never_changed_by_what_follows(
    gaps: tuple[float | None, ...], pauses: tuple[tuple[int, float], ...]
) -> None:
    turns = [turn(f"S{index % 2 + 1}", gap_s) for index, gap_s in enumerate(gaps)]
    sounds = [speech(0.3), speech(1.0, around_s=0.01), speech(0.6)]
    whole = mixed(turns, sounds, pauses=dict.fromkeys(range(3), pauses))
    growing = GrowingMix(CONFIG, RATE)
    stretches = []
    for index, sound in enumerate(sounds):
        following = turns[index + 1] if index < 2 else None
        placed = growing.add(cut(sound, pauses), turns[index], following)
        assert placed.start == whole.starts[index]
        assert placed.caption == whole.captions[index]
        stretches.append(placed.mix.samples)
    assert np.array_equal(np.concatenate(stretches), whole.mix.samples)
    total = np.zeros_like(whole.mix.samples)
    for start, sound in zip(whole.starts, whole.sounds, strict=True):
        total[start : start + len(sound.samples)] += sound.samples
    assert np.array_equal(total, whole.mix.samples)


def test_all_up_to_the_next_turn_is_final_at_once() -> None:
    growing = GrowingMix(CONFIG, RATE)
    placed = growing.add(cut(speech()), turn(), turn("S2", 2.0))
    assert placed.mix.duration_s == pytest.approx(placed.caption.end_s + 2.0 - 0.04, abs=1e-3)


def test_a_speaker_who_is_not_there_has_no_stem() -> None:
    dialogue = mixed([turn("S1"), turn("S2"), turn("S1")])
    assert len(dialogue.stems) == 2
    assert "S3" not in dialogue.stems
