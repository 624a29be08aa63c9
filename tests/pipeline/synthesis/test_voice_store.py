"""The voices of a pipeline with tiny networks: made of recordings, judged, read, checked."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.audio.levels import speech_level_db
from pipeline.audio.write import write_wav
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.voice import Voice
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import AudioError, VoiceError
from pipeline.synthesis.voice_store import VoiceStore
from pipeline.voices.speaker_encoder import SpeakerEncoder
from pipeline.voices.voice_file import load_voice, save_voice


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, "cpu", "torch")


@pytest.fixture
def path(speech_like: Waveform, tmp_path: Path) -> Path:
    recorded = tmp_path / "ada.wav"
    write_wav(recorded, dataclasses.replace(speech_like, samples=np.tile(speech_like.samples, 3)))
    return recorded


def test_licence_and_consent_stay_with_a_voice(
    pipeline: DialoguePipeline, path: Path, tmp_path: Path
) -> None:
    voice = pipeline.voice_from_recording(path, "ada", "a test", licence="CC0", consent="my own")
    save_voice(tmp_path / "ada.safetensors", voice)
    loaded = load_voice(tmp_path / "ada.safetensors")
    for kept in (voice, loaded):
        words = (kept.description, kept.licence, kept.consent)
        assert words == ("a test", "CC0", "my own")


def test_shipped_voices_load_without_licence_and_consent() -> None:
    voices = sorted((Path(__file__).parents[3] / "assets" / "voices").glob("*.safetensors"))
    assert voices
    assert {(load_voice(voice).licence, load_voice(voice).consent) for voice in voices} == {
        ("", "")
    }


def test_what_is_judged_usable_becomes_a_voice_of_the_span_told(
    pipeline: DialoguePipeline, path: Path
) -> None:
    quality = pipeline.judge_recording(path)
    assert quality.usable
    assert quality.used_span_s is not None
    first, last = quality.used_span_s
    ids = pipeline.voice_from_recording(path, "ada").semantic_ids
    rate_hz = pipeline.models.semantic_tokenizer.rate_hz
    assert len(ids) == int((last - first) * rate_hz + 1e-6)


@pytest.mark.parametrize("seconds", [0.0, 0.5, 61.0])
def test_what_is_judged_a_problem_is_refused_with_the_same_reason(
    pipeline: DialoguePipeline, tmp_path: Path, seconds: float
) -> None:
    rate = 16_000
    samples = 0.2 * np.sin(2 * np.pi * 200 * np.arange(round(seconds * rate)) / rate)
    samples = np.concatenate([np.zeros(rate // 10), samples]).astype(np.float32)
    bad = tmp_path / "bad.wav"
    write_wav(bad, Waveform(samples=samples, sample_rate_hz=rate))
    quality = pipeline.judge_recording(bad)
    assert not quality.usable
    with pytest.raises(VoiceError) as caught:
        pipeline.voice_from_recording(bad, "bad")
    reason = quality.findings[0].message.removeprefix("The recording ").removesuffix(".")
    assert reason in str(caught.value)


def test_what_cannot_be_read_cannot_be_judged(pipeline: DialoguePipeline, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no such file"):
        pipeline.judge_recording(tmp_path / "none.wav")


class TwoHeads(SpeakerEncoder):
    """Hears another speaker where the sound is at a higher pitch than 300 Hz."""

    def forward(self, samples: Tensor, n_samples: Tensor | None = None) -> Tensor:
        power = torch.fft.rfft(samples[0]).abs().square()
        low = power[: round(300 * samples.shape[1] / self.config.sample_rate_hz)].sum()
        high = power.sum() - low
        return torch.nn.functional.normalize(torch.stack([low, high]), dim=0)[None]


def test_the_encoder_of_the_weights_hears_two_speakers(
    pipeline: DialoguePipeline, tmp_path: Path
) -> None:
    rate = 16_000
    times = np.arange(5 * rate) / rate
    beats = 0.2 * np.abs(np.sin(2 * np.pi * 2 * times))
    joined = np.concatenate([beats * np.sin(2 * np.pi * hz * times) for hz in (150, 500)])
    recorded = tmp_path / "two.wav"
    write_wav(recorded, Waveform(samples=joined.astype(np.float32), sample_rate_hz=rate))
    trained = pipeline.models.speaker
    assert trained is not None
    encoder = TwoHeads(dataclasses.replace(trained.config, threshold=0.6)).eval()

    def kinds(speaker: SpeakerEncoder | None) -> set[str]:
        models = dataclasses.replace(pipeline.models, speaker=speaker)
        found = VoiceStore(models, tmp_path, LimitsConfig()).judge(recorded).findings
        return {finding.kind for finding in found}

    assert "several_speakers" in kinds(encoder)
    assert "several_speakers" not in kinds(None)
    assert "several_speakers" not in kinds(trained), "a threshold of -1 flags nobody"


def edited(pipeline: DialoguePipeline, **tensors: Tensor) -> Voice:
    return dataclasses.replace(pipeline.voices["anna"], **tensors)


def misfits(pipeline: DialoguePipeline) -> list[tuple[Voice, str]]:
    voice, models = pipeline.voices["anna"], pipeline.models
    ids, codes = voice.semantic_ids, voice.codes
    n_semantic = models.soundstorm.config.n_semantic
    return [
        (edited(pipeline, semantic_ids=ids * 0 + n_semantic), f"holds semantic id {n_semantic}"),
        (
            edited(pipeline, codes=codes * 0 + models.codec.n_codes),
            "holds code .* this codec knows",
        ),
        (edited(pipeline, codes=codes[:-1]), r"levels of \d+ frames .* this model reads"),
        (edited(pipeline, codes=codes[:, : len(ids)]), r"levels of \d+ frames .* model reads"),
        (edited(pipeline, semantic_ids=ids[:0]), r"levels of \d+ frames for 0 semantic ids"),
    ]


def test_ids_and_codes_that_the_networks_do_not_know_are_refused(
    pipeline: DialoguePipeline, tmp_path: Path
) -> None:
    store = VoiceStore(pipeline.models, tmp_path, LimitsConfig())
    for number, (voice, message) in enumerate(misfits(pipeline)):
        with pytest.raises(VoiceError, match=message):
            pipeline.synthesize("[S1] Hi.", {"S1": voice})
        with pytest.raises(VoiceError, match=message):
            pipeline.prompt_sound(voice)
        if len(voice.semantic_ids):
            save_voice(tmp_path / f"{number}.safetensors", voice)
            with pytest.raises(VoiceError, match=message):
                store.read(tmp_path / f"{number}.safetensors")
    with pytest.raises(VoiceError, match=r"voice 'anna' holds .* this"):
        _ = store.built_in


def test_the_prompt_is_heard_at_the_level_of_a_dialogue(pipeline: DialoguePipeline) -> None:
    sound = pipeline.prompt_sound(pipeline.voices["anna"])
    peak_db = 20 * np.log10(np.abs(sound.samples).max())
    level_db = speech_level_db(sound.samples, sound.sample_rate_hz)
    mix = pipeline.mix_config
    assert peak_db <= mix.peak_limit_db + 1e-3
    assert level_db == pytest.approx(mix.target_level_db, abs=0.1) or peak_db == pytest.approx(
        mix.peak_limit_db, abs=0.01
    )
    n_frames = pipeline.voices["anna"].codes.shape[1]
    seconds = n_frames / pipeline.models.codec.frame_rate_hz
    assert sound.duration_s <= seconds + 1e-6


def test_weights_without_an_encoder_judge_all_but_the_speaker(
    tiny_models: Path, tmp_path: Path, path: Path
) -> None:
    folder = shutil.copytree(tiny_models, tmp_path / "models")
    shutil.rmtree(folder / "speaker")
    assert DialoguePipeline.load(folder, "cpu", "torch").judge_recording(path).usable


def test_a_recording_that_was_read_before_gives_the_same_voice(
    pipeline: DialoguePipeline, path: Path
) -> None:
    sound = pipeline.read_recording(path)
    assert pipeline.read_recording(sound) is sound
    assert pipeline.judge_recording(sound).usable
    ones, others = (pipeline.voice_from_recording(each, "ada") for each in (path, sound))
    assert torch.equal(ones.semantic_ids, others.semantic_ids)
    assert torch.equal(ones.codes, others.codes)
