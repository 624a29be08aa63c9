import base64
import io
import json

import numpy as np
import pytest
import soundfile

from app.api.encoding import (
    PCM_RATE_HZ,
    chunks_of,
    encode_sound,
    events_of,
    offered_formats,
    size_of,
)
from pipeline.datatypes.sound import Waveform
from pipeline.errors import AudioError


def test_wav_and_pcm_can_always_be_made() -> None:
    assert {"wav", "pcm"} <= set(offered_formats())


@pytest.mark.parametrize("sound_format", sorted({*offered_formats()} - {"pcm", "aac"}))
def test_a_sound_lasts_as_long_in_every_format(tone: Waveform, sound_format: str) -> None:
    with encode_sound(tone, sound_format) as sound:
        info = soundfile.info(io.BytesIO(sound.read()))
    assert info.duration == pytest.approx(tone.duration_s, abs=0.1)
    assert info.channels == 1


def test_pcm_is_resampled_and_clipped(tone: Waveform) -> None:
    loud = Waveform(samples=tone.samples * 8, sample_rate_hz=tone.sample_rate_hz)
    with encode_sound(loud, "pcm") as sound:
        samples = np.frombuffer(sound.read(), "<i2")
    assert len(samples) == PCM_RATE_HZ
    assert (samples.min(), samples.max()) == (-32767, 32767)


def test_what_cannot_be_written_is_refused(tone: Waveform) -> None:
    with pytest.raises(AudioError, match="cannot be written as 'midi'"):
        encode_sound(tone, "midi")


def test_pieces_and_events_hold_all_bytes_and_close_the_file(tone: Waveform) -> None:
    whole = encode_sound(tone, "wav").read()
    sound = encode_sound(tone, "wav")
    assert size_of(sound) == len(whole)
    assert b"".join(chunks_of(sound)) == whole
    assert sound.closed
    events = [
        json.loads(event.removeprefix("data: ")) for event in events_of(encode_sound(tone, "wav"))
    ]
    assert "".join(event.get("audio", "") for event in events) == base64.b64encode(whole).decode()
    assert events[-1]["type"] == "speech.audio.done"
