"""Last but one stage: the built-in voices, synthetic speakers that say a few lines of their own.

Flite's voices and WORLD speakers only: no recording of a person is in them.
"""

import logging
import sys

import numpy as np

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Waveform
from pipeline.device import choose_device
from pipeline.tokenizers.codec import load_codec
from pipeline.tokenizers.semantic import SemanticTokenizer
from pipeline.voices.from_recording import recording_to_voice
from pipeline.voices.voice_file import VoiceOrigin, save_voice
from training.config import StageOptions
from training.corpus.synthetic_speakers import BUILT_IN, SAMPLE_RATE_HZ, speak
from training.options import parse_stage_options

logger = logging.getLogger(__name__)

LINES = (
    "good morning, it is lovely to see you again. "
    "shall we sit by the window and talk about the journey?"
)


def run(options: StageOptions) -> None:
    """Make the built-in voices with the run's codec and semantic tokenizer.

    Raises:
        CheckpointError: if codec or semantic tokenizer are not trained yet.
        ConfigError: if flite is missing.
    """
    models = options.out / "models"
    codec = load_codec(models / "codec", choose_device(options.device))
    semantic = SemanticTokenizer.load(models / "semantic")
    for speaker in BUILT_IN:
        samples, _ = speak(speaker, LINES)
        recording = Waveform(
            samples=samples.astype(np.float32) / 32768.0, sample_rate_hz=SAMPLE_RATE_HZ
        )
        kind = f"flite voice {speaker.base}"
        if speaker.pitch_hz > 0:
            kind = (
                f"made-up speaker: WORLD vocoder over {kind}, median pitch {speaker.pitch_hz:g} Hz"
            )
        origin = VoiceOrigin(description=f"Synthetic voice ({kind}). No recording of a person.")
        voice = recording_to_voice(recording, speaker.name, semantic, codec, LimitsConfig(), origin)
        save_voice(models / "voices" / f"{speaker.name}.safetensors", voice)
    logger.info("voices: %s", ", ".join(speaker.name for speaker in BUILT_IN))


def main(argv: list[str] | None = None) -> None:
    """Run the stage as a command."""
    run(parse_stage_options(argv, "Make the built-in voices."))


if __name__ == "__main__":
    main(sys.argv[1:])
