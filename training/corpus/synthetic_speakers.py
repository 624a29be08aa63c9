"""Speech with exact phone times: flite's voices, and WORLD speakers made from them.

A made-up speaker is a draw of pitch, pitch range, formant scale, spectral tilt, breathiness and
pace that stays the same in all its utterances.
"""

import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.read import read_audio
from pipeline.errors import ConfigError

SAMPLE_RATE_HZ = 16_000
FLITE_VOICES = ("slt", "rms", "awb", "kal16")
WORLD_BASES = ("slt", "rms", "awb")
WORLD_FRAME_MS = 10.0
WORLD_FFT = 1024
MARGIN_S = 0.08

Phones = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSpeaker:
    """How one synthetic speaker sounds.

    Attributes:
        name: the speaker's id.
        base: the flite voice underneath.
        pitch_hz: median pitch; 0 leaves flite's own voice untouched by WORLD.
        pitch_range: exponent on the pitch contour around its median; below 1 is flatter.
        formant_scale: above 1 moves formants up (a shorter vocal tract).
        tilt_db: gain at 8 kHz relative to 0 Hz, linear in frequency.
        breath: factor on the aperiodicity, at least 1.
        stretch: duration factor, at least 0.7.
    """

    name: str
    base: str
    pitch_hz: float = 0.0
    pitch_range: float = 1.0
    formant_scale: float = 1.0
    tilt_db: float = 0.0
    breath: float = 1.0
    stretch: float = 1.0


def _made_up(
    name: str, base: str, pitch_hz: float, pitch_range: float, formant_scale: float, tilt_db: float
) -> SyntheticSpeaker:
    return SyntheticSpeaker(
        name=name,
        base=base,
        pitch_hz=pitch_hz,
        pitch_range=pitch_range,
        formant_scale=formant_scale,
        tilt_db=tilt_db,
    )


BUILT_IN = (
    SyntheticSpeaker(name="anna", base="slt"),
    SyntheticSpeaker(name="ben", base="rms"),
    _made_up("clara", "slt", pitch_hz=222, pitch_range=1.2, formant_scale=0.98, tilt_db=-2),
    SyntheticSpeaker(name="duncan", base="awb"),
    _made_up("edith", "slt", pitch_hz=175, pitch_range=1.3, formant_scale=0.86, tilt_db=0),
    _made_up("felix", "rms", pitch_hz=148, pitch_range=1.5, formant_scale=1.12, tilt_db=5),
    _made_up("george", "rms", pitch_hz=84, pitch_range=1.2, formant_scale=0.90, tilt_db=0),
    _made_up("hamish", "awb", pitch_hz=148, pitch_range=1.3, formant_scale=1.10, tilt_db=2),
)
"""The voices that ship: three of flite's own, five made up far apart in pitch and vocal tract.

Made-up ones were chosen by how well a recogniser understands them, too: raised formants over `slt`
cost it a third to half of the words (docs/log.md).
"""

BUILT_IN_IN_CORPUS = tuple(s.name if s.pitch_hz > 0 else s.base for s in BUILT_IN)
"""What the built-in voices are called among the corpus's speakers."""


def draw_speaker(index: int, seed: int) -> SyntheticSpeaker:
    """A made-up speaker, the same for the same index and seed."""
    rng = random.Random(seed * 100_003 + index)
    base = WORLD_BASES[index % len(WORLD_BASES)]
    high = base == "slt"
    pitch = rng.uniform(145, 270) if high else rng.uniform(75, 165)
    # pitch and formants go together in people; the rest is free
    formant = (
        1.0
        + 0.10 * (pitch - (200 if high else 115)) / (60 if high else 45)
        + rng.uniform(-0.07, 0.07)
    )
    return SyntheticSpeaker(
        name=f"world-{index:03d}",
        base=base,
        pitch_hz=pitch,
        pitch_range=rng.uniform(0.8, 1.7),
        formant_scale=min(1.22, max(0.82, formant)),
        tilt_db=rng.uniform(-9, 9),
        breath=rng.uniform(1.0, 2.2),
        stretch=rng.uniform(0.85, 1.2),
    )


def speak(
    speaker: SyntheticSpeaker, text: str, stretch: float = 1.0
) -> tuple[NDArray[np.int16], Phones]:
    """Say a text.

    Args:
        speaker: who speaks.
        text: normalised text.
        stretch: duration factor of this utterance, on top of the speaker's own.

    Returns:
        Samples (N,) int16 at 16 kHz with 80 ms of silence at both ends at most, and (phone, end in
        seconds) of every phone.

    Raises:
        ConfigError: if flite is not installed or refuses the text.
    """
    samples, phones = _flite(speaker.base, text, speaker.stretch * stretch)
    samples, phones = _trim(samples, phones)
    if speaker.pitch_hz > 0:
        samples = _revoice(samples, speaker)
    peak = float(np.max(np.abs(samples), initial=1e-9))
    level = float(np.sqrt(np.mean(samples**2)) + 1e-9)
    gain = min(0.07 / level, 0.89 / peak)
    return np.asarray(np.round(samples * gain * 32767), dtype=np.int16), phones


def pronounce(text: str) -> tuple[str, ...]:
    """The phones that flite would say for a text; "pau" is a pause.

    Args:
        text: normalised text.

    Raises:
        ConfigError: if flite is not installed or refuses the text.
    """
    return tuple(_run_flite(text, "-voice", "kal16", "-ps", "-o", "none").split())


def _flite(voice: str, text: str, stretch: float) -> tuple[NDArray[np.float64], Phones]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        pace = ("--setf", f"duration_stretch={stretch:.3f}")
        said = _run_flite(text, "-voice", voice, *pace, "-psdur", "-o", str(path))
        samples = read_audio(path, SAMPLE_RATE_HZ).samples.astype(np.float64)
    phones = tuple(
        (name, float(end)) for name, end in (item.rsplit(":", 1) for item in said.split())
    )
    return samples, phones


def _run_flite(text: str, *options: str) -> str:
    try:
        done = subprocess.run(
            ["flite", *options, "-t", f"{text} "], capture_output=True, text=True, check=True
        )
    except FileNotFoundError as error:
        raise ConfigError("flite is missing; install it with `apt-get install flite`") from error
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"flite could not say {text!r}: {error.stderr.strip()}") from error
    return done.stdout


def _trim(samples: NDArray[np.float64], phones: Phones) -> tuple[NDArray[np.float64], Phones]:
    """Cut the silences at both ends to a margin, and move the phone times along."""
    if len(phones) < 3:
        return samples, phones
    start_s = max(0.0, phones[0][1] - MARGIN_S) if phones[0][0] == "pau" else 0.0
    end_s = len(samples) / SAMPLE_RATE_HZ
    if phones[-1][0] == "pau":
        end_s = min(end_s, phones[-2][1] + MARGIN_S)
    cut = samples[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]
    moved = tuple((name, round(min(end, end_s) - start_s, 4)) for name, end in phones)
    return cut, moved


def _revoice(samples: NDArray[np.float64], speaker: SyntheticSpeaker) -> NDArray[np.float64]:
    import pyworld  # only where speakers are made: the recipe's other stages run without it

    pitch, times = pyworld.dio(samples, SAMPLE_RATE_HZ, frame_period=WORLD_FRAME_MS)
    pitch = pyworld.stonemask(samples, pitch, times, SAMPLE_RATE_HZ)
    envelope = pyworld.cheaptrick(samples, pitch, times, SAMPLE_RATE_HZ, fft_size=WORLD_FFT)
    aperiodicity = pyworld.d4c(samples, pitch, times, SAMPLE_RATE_HZ, fft_size=WORLD_FFT)
    voiced = pitch > 0
    if voiced.any():
        median = float(np.median(pitch[voiced]))
        pitch[voiced] = speaker.pitch_hz * (pitch[voiced] / median) ** speaker.pitch_range
        pitch = np.where(voiced, np.clip(pitch, 50, 500), 0.0)
    n_bins = envelope.shape[1]
    source_bins = np.minimum(np.arange(n_bins) / speaker.formant_scale, n_bins - 1)
    tilt = 10 ** (speaker.tilt_db / 10 * np.linspace(0, 1, n_bins))
    envelope = _take_bins(envelope, source_bins) * tilt
    aperiodicity = np.clip(_take_bins(aperiodicity, source_bins) * speaker.breath, 0.0, 1.0)
    spoken = pyworld.synthesize(pitch, envelope, aperiodicity, SAMPLE_RATE_HZ, WORLD_FRAME_MS)
    return np.asarray(spoken[: len(samples)])


def _take_bins(frames: NDArray[np.float64], bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns of (frames, bins) at fractional positions, by linear interpolation, contiguous."""
    low = np.floor(bins).astype(int)
    high = np.minimum(low + 1, frames.shape[1] - 1)
    share = bins - low
    return np.ascontiguousarray(frames[:, low] * (1 - share) + frames[:, high] * share)
