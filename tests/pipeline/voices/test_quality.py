from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.audio.levels import speech_level_db
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Waveform
from pipeline.voices.quality import MOST_PEAKS, RecordingQuality, judge_recording

RATE = 16_000
LIMITS = LimitsConfig()
Samples = np.ndarray


def judge(samples: Samples, rate: int = RATE) -> RecordingQuality:
    return judge_recording(
        Waveform(samples=samples.astype(np.float32), sample_rate_hz=rate), LIMITS
    )


def kinds(quality: RecordingQuality) -> set[str]:
    return {finding.kind for finding in quality.findings}


@pytest.fixture
def clean(speech_like: Waveform) -> Samples:
    """Six seconds of made-up speech in a quiet room."""
    spoken = np.tile(speech_like.samples, 2)
    return spoken + 1e-4 * np.random.default_rng(1).standard_normal(len(spoken))


def noise(n_samples: int) -> Samples:
    return np.random.default_rng(2).standard_normal(n_samples)


def chords(n_samples: int) -> Samples:
    times = np.arange(n_samples) / RATE
    roots = np.where(times % 2 < 1, 220.0, 262.0)
    partials = [ratio * k for ratio in (1, 1.26, 1.5) for k in (1, 2, 3, 4)]
    return np.sum([np.sin(2 * np.pi * roots * p * times) / p for p in partials], axis=0)


def hum(n_samples: int) -> Samples:
    times = np.arange(n_samples) / RATE
    return np.sum([np.sin(2 * np.pi * 50 * k * times) / k for k in (1, 2, 3)], axis=0)


def behind(clean: Samples, background: Samples, below_db: float) -> Samples:
    level_db = speech_level_db(clean.astype(np.float32), RATE)
    gain = 10 ** ((level_db - below_db) / 20) / np.sqrt(np.mean(background**2))
    return clean + gain * background


def test_a_good_recording_says_so_in_one_line(clean: Samples) -> None:
    quality = judge(clean)
    assert [finding.severity for finding in quality.findings] == ["good"]
    assert quality.findings[0].message == "Good: 5.8 s of clear speech."
    assert quality.usable


@pytest.mark.parametrize("below_db", [15, 10, 5])
def test_noise_is_heard(clean: Samples, below_db: float) -> None:
    noisy = judge(behind(clean, noise(len(clean)), below_db))
    assert kinds(noisy) == {"noisy"}
    assert noisy.snr_db == pytest.approx(below_db, abs=3)
    assert noisy.usable


@pytest.mark.parametrize("below_db", [20, 10, 5])
def test_music_behind_the_voice_is_heard(clean: Samples, below_db: float) -> None:
    assert "music" in kinds(judge(behind(clean, chords(len(clean)), below_db)))


def test_music_alone_is_no_speech() -> None:
    assert "music" in kinds(judge(0.05 * chords(6 * RATE)))


def test_a_tone_is_steady(tone: Waveform) -> None:
    assert "music" in kinds(judge(np.tile(tone.samples, 4)))


def test_hum_of_the_mains_is_named(clean: Samples) -> None:
    quality = judge(behind(clean, hum(len(clean)), 15))
    assert "hum" in kinds(quality)
    assert any("50 Hz" in finding.message for finding in quality.findings)
    assert "hum" not in kinds(judge(behind(clean, hum(len(clean)), 45)))


def test_a_quiet_recording_is_asked_to_come_nearer(clean: Samples) -> None:
    quiet = judge(clean * 10 ** (-35 / 20))
    assert kinds(quiet) == {"too_quiet"}
    assert quiet.level_db is not None
    assert f"quiet ({quiet.level_db:.0f} dB)" in quiet.findings[0].message


def test_a_little_clipping_is_a_warning_and_much_a_problem(clean: Samples) -> None:
    some = judge(np.clip(clean / np.quantile(np.abs(clean), 0.998), -1, 1))
    assert [(f.kind, f.severity) for f in some.findings] == [("clipped", "warning")]
    much = judge(np.clip(clean * 20, -1, 1))
    assert [(f.kind, f.severity) for f in much.findings] == [("clipped", "problem")]
    assert much.clipped_share > some.clipped_share > 0
    assert not much.usable


def low_passed(samples: Samples, edge_hz: float) -> Samples:
    spectrum = np.fft.rfft(samples)
    spectrum[round(edge_hz * len(samples) / RATE) :] = 0
    return np.fft.irfft(spectrum, len(samples))


def test_a_telephone_is_heard(clean: Samples) -> None:
    assert kinds(judge(low_passed(clean, 3400))) == {"narrow_band"}
    assert kinds(judge(clean[::2], rate=RATE // 2)) == {"narrow_band"}


def test_long_pauses_are_much_silence(clean: Samples) -> None:
    pieces = np.split(clean, 12)
    pause = np.zeros(2 * len(pieces[0]))
    quality = judge(np.concatenate([part for piece in pieces for part in (piece, pause)]))
    assert "much_silence" in kinds(quality)
    assert quality.used_span_s is not None


def test_silence_at_the_ends_is_not_used_and_does_no_harm(clean: Samples) -> None:
    quality = judge(np.concatenate([np.zeros(5 * RATE), clean, np.zeros(5 * RATE)]))
    assert kinds(quality) == {"good"}
    assert quality.used_span_s == pytest.approx((4.96, 10.79), abs=0.05)


def test_little_speech_is_a_warning_and_less_a_problem(clean: Samples) -> None:
    assert [(f.kind, f.severity) for f in judge(clean[: 2 * RATE]).findings] == [
        ("too_short", "warning")
    ]
    assert [(f.kind, f.severity) for f in judge(clean[: RATE // 2]).findings] == [
        ("too_short", "problem")
    ]


@pytest.mark.parametrize(
    ("samples", "kind"),
    [
        (np.zeros(0), "empty"),
        (np.full(RATE, np.inf), "not_finite"),
        (np.ones(61 * RATE) * 0.1, "too_long"),
        (np.zeros(3 * RATE), "silent"),
    ],
)
def test_what_no_voice_can_be_made_of_is_a_problem(samples: Samples, kind: str) -> None:
    quality = judge(samples)
    assert [(f.kind, f.severity) for f in quality.findings] == [(kind, "problem")]
    assert quality.level_db is None
    assert quality.used_span_s is None
    assert not quality.usable


def by_half(recording: Waveform) -> Callable[[Waveform], Tensor]:
    """Hears one speaker in what is loud, another in what is soft."""

    def embed(heard: Waveform) -> Tensor:
        loud = float(np.abs(heard.samples).max() > 0.5 * np.abs(recording.samples).max())
        return torch.tensor([loud, 1 - loud])

    return embed


def test_two_people_are_heard_where_somebody_can_tell(clean: Samples) -> None:
    joined = np.concatenate([clean, 0.3 * clean]).astype(np.float32)
    recording = Waveform(samples=joined, sample_rate_hz=RATE)
    embed = by_half(recording)
    two = judge_recording(recording, LIMITS, embed, lambda speech_s: 0.6)
    assert kinds(two) == {"several_speakers"}
    assert kinds(judge_recording(recording, LIMITS, embed, lambda speech_s: -1.0)) == {"good"}
    assert kinds(judge_recording(recording, LIMITS)) == {"good"}
    alone = Waveform(samples=clean.astype(np.float32), sample_rate_hz=RATE)
    assert kinds(judge_recording(alone, LIMITS, embed, lambda speech_s: 0.6)) == {"good"}


def test_the_picture_has_a_few_hundred_peaks(clean: Samples) -> None:
    quality = judge(clean)
    assert len(quality.envelope) == MOST_PEAKS
    assert max(quality.envelope) == pytest.approx(np.abs(clean).max(), rel=1e-5)
    assert quality.peak_db == pytest.approx(20 * np.log10(np.abs(clean).max()), abs=0.01)
    assert len(judge(clean[:7]).envelope) == 7
    assert judge(np.full(RATE, np.inf)).envelope == (1.0,) * MOST_PEAKS
