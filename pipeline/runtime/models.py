"""The networks and tokenizers of one size, read from their folder."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from pipeline.config.networks import SoundStormConfig, TextToSemanticConfig
from pipeline.device import inference_dtype
from pipeline.errors import CheckpointError, ConfigError
from pipeline.files.checkpoint import NoRandomStart, load_config, load_network
from pipeline.runtime.engines import attach_engines, choose_engine, read_reaches
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.text_to_semantic.model import TextToSemantic
from pipeline.tokenizers.codec import Codec, load_codec
from pipeline.tokenizers.semantic import SemanticTokenizer
from pipeline.tokenizers.spectral_codec import SpectralCodec
from pipeline.tokenizers.text import TextTokenizer
from pipeline.voices.speaker_encoder import SpeakerEncoder

ASSETS = Path(__file__).resolve().parents[2] / "assets"

SPEAKING_FOLDERS = ("text_tokenizer", "text_to_semantic", "soundstorm", "codec", "speaker")
"""Folders of a size that are read to speak; making voices needs more."""


def find_model_folder(size_or_folder: str | Path) -> Path:
    """The folder of a shipped size, or the folder that was named.

    Raises:
        CheckpointError: if there is no such size or folder; it names the sizes there are.
    """
    shipped = ASSETS / "models" / size_or_folder
    for folder in (shipped, Path(size_or_folder)):
        if folder.is_dir():
            return folder
    sizes = sorted(path.name for path in (ASSETS / "models").glob("*") if path.is_dir())
    raise CheckpointError(
        f"there are no weights {str(size_or_folder)!r}; shipped sizes: "
        f"{', '.join(sizes) or 'none'}; or give the folder that `python -m training.recipe` made"
    )


@dataclass(frozen=True)
class Models:
    """Everything trained, ready to run on one device.

    `speaker` is `None` where the folder holds no speaker encoder: weights speak without it, their
    voices are just not checked.
    """

    folder: Path
    device: torch.device
    text_tokenizer: TextTokenizer
    text_to_semantic: TextToSemantic
    soundstorm: SoundStorm
    codec: Codec
    speaker: SpeakerEncoder | None

    @cached_property
    def fingerprint(self) -> str:
        """Of every file that speaking reads: other weights have another one."""
        digest = hashlib.sha256()
        for name in SPEAKING_FOLDERS:
            for path in sorted((self.folder / name).glob("*.*")):
                digest.update(f"{name}/{path.name} {path.stat().st_size}\n".encode())
                with path.open("rb") as file:
                    while block := file.read(1 << 20):
                        digest.update(block)
        return digest.hexdigest()

    @property
    def engine(self) -> str:
        """What runs the networks in generation: "openvino" or "torch"."""
        return "torch" if self.soundstorm.engine is None else "openvino"

    @cached_property
    def semantic_tokenizer(self) -> SemanticTokenizer:
        """Read when a recording first needs it: speaking alone does not.

        Raises:
            CheckpointError: if its files are missing or damaged.
        """
        return SemanticTokenizer.load(self.folder / "semantic", self.device)


def load_models(folder: Path, device: torch.device, engine: str = "auto") -> Models:
    """Read every network of a folder laid out as `assets/models/small`.

    Args:
        folder: where they are.
        device: to compute on.
        engine: "torch", "openvino", or "auto": what is fast here.

    Raises:
        CheckpointError: if a file is missing or damaged.
        ConfigError: if settings are unknown, missing, or those of two networks do not fit; or if
            the engine cannot be used.
    """
    chosen, dtype = choose_engine(engine, device), inference_dtype(device)
    text_config = load_config(folder / "text_to_semantic", TextToSemanticConfig)
    storm_config = load_config(folder / "soundstorm", SoundStormConfig)
    with NoRandomStart():
        codec = load_codec(folder / "codec", device)
    if isinstance(codec, SpectralCodec):
        codec.compute_in(dtype)
    _check_fit(folder, text_config, storm_config, codec)
    with NoRandomStart():
        text_to_semantic = TextToSemantic(text_config)
        load_network(folder / "text_to_semantic", text_to_semantic)
    soundstorm = SoundStorm(storm_config, codec.codebooks.cpu())
    load_network(folder / "soundstorm", soundstorm)
    text_to_semantic.to(device, dtype).eval()
    soundstorm.to(device).eval().compute_in(dtype)
    if chosen == "openvino":
        reaches = read_reaches(folder / "soundstorm")
        attach_engines(codec, text_to_semantic, soundstorm, dtype, reaches)
    return Models(
        folder=folder,
        device=device,
        text_tokenizer=TextTokenizer.load(folder / "text_tokenizer" / "tokenizer.model"),
        text_to_semantic=text_to_semantic,
        soundstorm=soundstorm,
        codec=codec,
        speaker=_load_speaker(folder / "speaker", device),
    )


def _load_speaker(folder: Path, device: torch.device) -> SpeakerEncoder | None:
    return SpeakerEncoder.load(folder, device) if folder.is_dir() else None


def _check_fit(
    folder: Path, text: TextToSemanticConfig, storm: SoundStormConfig, codec: Codec
) -> None:
    if text.n_semantic != storm.n_semantic:
        raise ConfigError(
            f"{folder}: text_to_semantic speaks {text.n_semantic} semantic ids and soundstorm "
            f"reads {storm.n_semantic}; take both from one training"
        )
    if (storm.n_levels, storm.n_codes) != (codec.n_levels, codec.n_codes):
        raise ConfigError(
            f"{folder}: soundstorm makes {storm.n_levels} levels of {storm.n_codes} codes and "
            f"the codec reads {codec.n_levels} of {codec.n_codes}; take both from one training"
        )
