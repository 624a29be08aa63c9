"""Untrained tiny networks in a folder laid out as `assets/models/small`: real files and loading."""

from pathlib import Path

import numpy as np
import torch

from pipeline.config.sizes import DialogueConfig
from pipeline.datatypes.sound import Waveform
from pipeline.files.checkpoint import save_network
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.text_to_semantic.model import TextToSemantic
from pipeline.tokenizers.semantic import SemanticTokenizer, build_encoder
from pipeline.tokenizers.spectral_codec import SpectralCodec
from pipeline.tokenizers.text import MODEL_NAME, train_text_tokenizer
from pipeline.voices.from_recording import recording_to_voice
from pipeline.voices.speaker_encoder import SpeakerEncoder
from pipeline.voices.voice_file import VoiceOrigin, save_voice

TEXT = [
    "the quick brown fox jumps over the lazy dog.",
    "is it? yes, it is! wait: no; a semi-colon.",
    "she said it's five o'clock.",
]


def write_tiny_models(folder: Path, config: DialogueConfig) -> Path:
    """Write every network with random weights, a text tokenizer and two voices.

    Args:
        folder: is created.
        config: shapes of the networks.
    """
    torch.manual_seed(0)
    codec = SpectralCodec(config.codec)
    codec.quantizer.codebooks.copy_(torch.randn(codec.quantizer.codebooks.shape))
    save_network(folder / "codec", config.codec, codec)
    encoder = build_encoder(config.semantic, config.semantic.layer)
    semantic = SemanticTokenizer(config.semantic, encoder)
    semantic.quantiser.centroids.copy_(torch.randn(semantic.quantiser.centroids.shape))
    semantic.save(folder / "semantic")
    text_to_semantic = TextToSemantic(config.text_to_semantic)
    save_network(folder / "text_to_semantic", config.text_to_semantic, text_to_semantic)
    storm = SoundStorm(config.soundstorm, codec.codebooks)
    save_network(folder / "soundstorm", config.soundstorm, storm)
    save_network(folder / "speaker", config.speaker, SpeakerEncoder(config.speaker))
    (folder / "text_tokenizer").mkdir()
    alphabet = train_text_tokenizer(TEXT, config.text_tokenizer)
    (folder / "text_tokenizer" / MODEL_NAME).write_bytes(alphabet)
    _write_voices(folder, config)
    return folder


def _write_voices(folder: Path, config: DialogueConfig) -> None:
    codec = SpectralCodec.load(folder / "codec", torch.device("cpu"))
    semantic = SemanticTokenizer.load(folder / "semantic")
    time_s = np.arange(2 * codec.sample_rate_hz) / codec.sample_rate_hz
    for name, pitch_hz in (("anna", 210.0), ("ben", 110.0)):
        harmonics = sum(np.sin(2 * np.pi * k * pitch_hz * time_s) / k for k in range(1, 12))
        samples = (0.1 * harmonics * (1.2 + np.sin(2 * np.pi * 3 * time_s))).astype(np.float32)
        recording = Waveform(samples=samples, sample_rate_hz=codec.sample_rate_hz)
        voice = recording_to_voice(
            recording,
            name,
            semantic,
            codec,
            config.limits,
            VoiceOrigin(description="a made-up tone"),
        )
        save_voice(folder / "voices" / f"{name}.safetensors", voice)
