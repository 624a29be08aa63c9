"""The real path with tiny networks of random weights."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.audio.write import write_wav
from pipeline.config.sizes import tiny
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.sound import Waveform
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import AudioError, CancelledError, ScriptError, VoiceError
from pipeline.synthesis.options import SynthesisOptions
from pipeline.synthesis.stage_clock import STAGES
from pipeline.text_to_semantic.generate import TextToSemanticOptions
from pipeline.voices.voice_file import save_voice

UNTRAINED = SynthesisOptions(text=TextToSemanticOptions(strict=False))
"""Random weights do not attend to all of a text: the best try is taken."""

SCRIPT = "Anna: Hello there.\nBen: Hi, Anna.\nAnna: Bye."
MADE_UP = {"S1": None, "S2": None}
MADE_UP_ONE = {"S1": None}


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu")


@pytest.fixture
def recording(tmp_path: Path, speech_like: Waveform) -> Path:
    path = tmp_path / "someone.wav"
    write_wav(path, speech_like)
    return path


@pytest.fixture(scope="module")
def dialogue(pipeline: DialoguePipeline) -> Dialogue:
    return pipeline.synthesize(SCRIPT, MADE_UP, seed=3, options=UNTRAINED)


def test_every_turn_sounds_and_has_a_caption_in_order(dialogue: Dialogue) -> None:
    assert [caption.text for caption in dialogue.captions] == ["Hello there.", "Hi, Anna.", "Bye."]
    starts = [caption.start_s for caption in dialogue.captions]
    assert starts == sorted(starts)
    assert all(caption.end_s > caption.start_s for caption in dialogue.captions)
    assert dialogue.captions[-1].end_s <= dialogue.mix.duration_s
    assert np.isfinite(dialogue.mix.samples).all()
    assert list(dialogue.stems) == ["S1", "S2"]


def test_codes_cover_the_semantic_ids_of_every_turn(dialogue: Dialogue) -> None:
    config = tiny()
    for semantic, acoustic in zip(dialogue.semantic, dialogue.acoustic, strict=True):
        assert acoustic.codes.shape == (config.codec.n_levels, 2 * len(semantic.semantic_ids))
        assert acoustic.frame_rate_hz == config.codec.frame_rate_hz
        assert int(acoustic.codes.min()) >= 0
        assert int(acoustic.codes.max()) < config.codec.n_codes


def test_the_same_seed_gives_the_same_audio_and_another_does_not(
    pipeline: DialoguePipeline, dialogue: Dialogue
) -> None:
    again = pipeline.synthesize(SCRIPT, MADE_UP, seed=3, options=UNTRAINED)
    other = pipeline.synthesize(SCRIPT, MADE_UP, seed=4, options=UNTRAINED)
    assert np.array_equal(again.mix.samples, dialogue.mix.samples)
    assert not np.array_equal(other.mix.samples, dialogue.mix.samples)


def test_stages_are_timed_and_reported_in_order(pipeline: DialoguePipeline) -> None:
    seen: list[str] = []
    spoken = pipeline.synthesize(
        "[S1] Hi.",
        MADE_UP_ONE,
        options=UNTRAINED,
        on_progress=lambda stage, done, total: seen.append(stage),
    )
    assert list(dict.fromkeys(seen)) == list(STAGES) == list(spoken.stage_seconds)


@pytest.mark.parametrize("stage", STAGES)
def test_progress_can_stop_the_work_in_every_stage(pipeline: DialoguePipeline, stage: str) -> None:
    def stop(name: str, done: int, total: int) -> None:
        if name == stage:
            raise CancelledError("enough")

    with pytest.raises(CancelledError, match="enough"):
        pipeline.synthesize("[S1] Hi.", MADE_UP_ONE, options=UNTRAINED, on_progress=stop)


def test_whole_windows_speak_every_turn_too(pipeline: DialoguePipeline) -> None:
    options = SynthesisOptions(text=UNTRAINED.text, mode="window")
    spoken = pipeline.synthesize(SCRIPT, MADE_UP, options=options)
    assert [caption.turn for caption in spoken.captions] == [0, 1, 2]


def test_a_recording_becomes_a_voice_that_changes_the_sound(
    pipeline: DialoguePipeline, recording: Path, dialogue: Dialogue
) -> None:
    spoken = pipeline.synthesize(SCRIPT, {"Anna": recording, "Ben": None}, 3, UNTRAINED)
    assert not np.array_equal(spoken.mix.samples, dialogue.mix.samples)


def test_a_voice_changes_how_a_text_is_read_only_if_asked(pipeline: DialoguePipeline) -> None:
    def read_by(voice: str, *, prompt_text: bool) -> list[int]:
        options = dataclasses.replace(UNTRAINED, prompt_text=prompt_text)
        spoken = pipeline.synthesize("[S1] Hello there.", {"S1": voice}, 3, options)
        return [int(i) for i in spoken.semantic[0].semantic_ids]

    assert read_by("anna", prompt_text=False) == read_by("ben", prompt_text=False)
    assert read_by("anna", prompt_text=True) != read_by("ben", prompt_text=True)


def test_built_in_voices_are_those_of_the_folder_that_fit_the_codec(
    tiny_models: Path, tmp_path: Path, recording: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for part in tiny_models.iterdir():
        if part.name != "voices":
            (folder / part.name).symlink_to(part)
    voice = DialoguePipeline.load(folder, "cpu").voice_from_recording(recording, "ada", "a test")
    foreign = type(voice)(
        name="bob",
        semantic_ids=voice.semantic_ids,
        codes=voice.codes,
        level_db=-23.0,
        codec_id="another",
    )
    for each in (voice, foreign):
        save_voice(folder / "voices" / f"{each.name}.safetensors", each)
    pipeline = DialoguePipeline.load(folder, "cpu")
    assert list(pipeline.voices) == ["ada"]
    assert pipeline.voices["ada"].description == "a test"
    spoken = pipeline.synthesize("[S1] Hi.", options=UNTRAINED)
    assert [str(note) for note in spoken.notes] == ["S1 was given no voice and speaks as 'ada'"]
    saved = folder / "voices" / "bob.safetensors"
    with pytest.raises(VoiceError, match="was made with codec another"):
        pipeline.synthesize("[S1] Hi.", {"S1": saved})


def test_a_voice_object_of_another_codec_is_refused(
    pipeline: DialoguePipeline, recording: Path
) -> None:
    voice = pipeline.voice_from_recording(recording, "ada")
    foreign = type(voice)(
        name="bob",
        semantic_ids=voice.semantic_ids,
        codes=voice.codes,
        level_db=-23.0,
        codec_id="another",
    )
    with pytest.raises(VoiceError, match="was made with another codec"):
        pipeline.synthesize("[S1] Hi.", {"S1": foreign})


def test_bad_requests_are_refused(pipeline: DialoguePipeline, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="empty"):
        pipeline.synthesize("")
    with pytest.raises(VoiceError, match="not in the script"):
        pipeline.synthesize("[S1] Hi.", {"S2": None})
    with pytest.raises(VoiceError, match="no voice 'zoe'"):
        pipeline.synthesize("[S1] Hi.", {"S1": "zoe"})
    text = tmp_path / "text.wav"
    text.write_text("words", encoding="utf-8")
    with pytest.raises(AudioError, match="not a sound file"):
        pipeline.synthesize("[S1] Hi.", {"S1": text})


def test_the_estimate_follows_letters_pace_and_pauses(pipeline: DialoguePipeline) -> None:
    def seconds(script: str) -> float:
        return pipeline.estimate_seconds(pipeline.parse(script))

    plain = seconds("[S1] Is anybody out there tonight?")
    assert 1 < plain < 4
    assert seconds("[S1 pace=0.5] Is anybody out there tonight?") > 1.5 * plain
    assert seconds("[S1] Is anybody {pause 2} out there tonight?") == pytest.approx(
        plain + 2, abs=0.2
    )


def test_speaking_leaves_the_global_generator_alone(pipeline: DialoguePipeline) -> None:
    before = torch.random.get_rng_state()
    pipeline.synthesize("[S1] Hi.", MADE_UP_ONE, options=UNTRAINED)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_turn_that_cannot_be_spoken_is_named_by_its_line(pipeline: DialoguePipeline) -> None:
    never = SynthesisOptions(text=TextToSemanticOptions(min_coverage=1.1, max_retries=0))
    with pytest.raises(ScriptError, match=r"line 1: .* could not be spoken completely") as caught:
        pipeline.synthesize(SCRIPT, MADE_UP, options=never)
    assert (caught.value.line, caught.value.turn) == (1, 0)
