import numpy as np
import pytest
import torch

from pipeline.audio_io import speech_level_db, speech_span
from pipeline.config import MixConfig
from pipeline.datatypes import AcousticTokens, Turn, Waveform
from pipeline.errors import AudioError, ShapeError
from pipeline.waveform_to_dialogue import MixedDialogue, waveform_to_dialogue

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
    return waveform_to_dialogue(waveforms, acoustic, turns, config)


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


def test_overlap_never_clips_and_the_limit_keeps_the_balance() -> None:
    config = MixConfig(target_level_db=-4.0)
    dialogue = mixed([turn("S1"), turn("S2", -1.0), turn("S3", -1.0)], config=config)
    peak = max(abs(s.samples).max() for s in (dialogue.mix, *dialogue.stems.values()))
    assert peak == pytest.approx(10 ** (config.peak_limit_db / 20), rel=1e-5)
    levels = [speech_level_db(stem.samples, RATE) for stem in dialogue.stems.values()]
    assert max(levels) - min(levels) < 0.1


def test_every_speaker_comes_to_the_target_level() -> None:
    sounds = [speech(amplitude=0.4), speech(amplitude=0.02)]
    dialogue = mixed([turn("S1"), turn("S2")], sounds)
    for stem in dialogue.stems.values():
        assert speech_level_db(stem.samples, RATE) == pytest.approx(-23.0, abs=0.3)


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
    waveforms = [Waveform(samples=speech(), sample_rate_hz=rate) for rate in (16_000, 24_000)]
    codes = torch.zeros(1, 1, dtype=torch.int64)
    acoustic = [AcousticTokens(codes=codes, speaker="S1", frame_rate_hz=50.0)] * 2
    with pytest.raises(ShapeError, match=r"sample rates \[16000, 24000\]"):
        waveform_to_dialogue(waveforms, acoustic, [turn(), turn()], CONFIG)


def test_samples_that_are_not_finite_are_refused() -> None:
    with pytest.raises(AudioError, match="turn 1 has samples that are not finite"):
        mixed([turn()], [np.full(100, np.nan, dtype=np.float32)])


def test_a_louder_take_changes_no_gain_when_levels_are_those_of_the_first_takes() -> None:
    turns = [turn("S1"), turn("S1")]
    first = [Waveform(samples=speech(amplitude=a), sample_rate_hz=RATE) for a in (0.1, 0.1)]
    louder = [first[0], Waveform(samples=speech(amplitude=0.2), sample_rate_hz=RATE)]
    codes = torch.zeros(1, 1, dtype=torch.int64)
    tokens = [AcousticTokens(codes=codes, speaker="S1", frame_rate_hz=50.0)] * 2
    before = waveform_to_dialogue(first, tokens, turns, CONFIG)
    kept = waveform_to_dialogue(louder, tokens, turns, CONFIG, levels_of=first)
    levelled = waveform_to_dialogue(louder, tokens, turns, CONFIG)
    n_first = round(before.captions[0].end_s * RATE)
    assert np.array_equal(kept.mix.samples[:n_first], before.mix.samples[:n_first])
    assert not np.allclose(levelled.mix.samples[:n_first], before.mix.samples[:n_first], atol=1e-3)
