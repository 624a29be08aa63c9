"""Made-up recordings laid out as the training material is."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.audio.write import write_wav
from pipeline.datatypes.sound import Waveform

COLUMNS = ("path", "speaker", "dataset", "seconds", "sample_rate_hz", "text", "split")


def write_manifest(
    data: Path, clips: Sequence[tuple[str, str, str]], seconds_of: Mapping[int, float] | None = None
) -> None:
    """Write `speech/manifest.tsv` and a tone for each (speaker, split, text).

    Tones last 5 to 6 s, or as long as `seconds_of` their number says.
    """
    (data / "speech").mkdir()
    lines = ["\t".join(COLUMNS)]
    for number, (speaker, split, text) in enumerate(clips):
        seconds = (seconds_of or {}).get(number, 5.0 + 0.1 * number)
        time_s = np.arange(round(seconds * 16_000)) / 16_000
        tone = (0.1 * np.sin(2 * np.pi * (200 + 20 * number) * time_s)).astype(np.float32)
        path = f"{number}.wav"
        write_wav(data / "speech" / path, Waveform(samples=tone, sample_rate_hz=16_000))
        lines.append("\t".join([path, speaker, "made", str(seconds), "16000", text, split]))
    (data / "speech" / "manifest.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
