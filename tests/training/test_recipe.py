"""The recipe at its smallest, from raw material to a pipeline that speaks."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.audio.write import write_wav
from pipeline.datatypes.sound import Waveform
from pipeline.dialogue import DialoguePipeline
from pipeline.synthesis.options import SynthesisOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions
from training import recipe
from training.config import StageOptions
from training.recipe import NETWORKS

SPEAKERS = ("ann", "bob", "cat")


@pytest.fixture
def spoken_material(raw_material: Path, speech_like: Waveform) -> Path:
    """The made-up texts, and a manifest of speech-like sounds by three speakers."""
    rows = ["path\tspeaker\tdataset\tseconds\tsample_rate_hz\ttext\tsplit"]
    for number in range(600):  # the tiny corpus takes every hundredth
        speaker, split = SPEAKERS[number // 200], "dev" if number % 200 == 0 else "train"
        rows.append(f"{number % 6}.wav\t{speaker}\tmade-up\t3.0\t16000\tit is late.\t{split}")
    for number in range(6):
        samples = np.roll(speech_like.samples, 4000 * number)
        write_wav(
            raw_material / "speech" / f"{number}.wav",
            Waveform(samples=samples, sample_rate_hz=speech_like.sample_rate_hz),
        )
    (raw_material / "speech" / "manifest.tsv").write_text("\n".join(rows) + "\n")
    return raw_material


@pytest.mark.slow
def test_the_whole_recipe_makes_a_pipeline_that_speaks(
    spoken_material: Path, tmp_path: Path
) -> None:
    options = StageOptions(size="tiny", data=spoken_material, out=tmp_path / "run", device="cpu")
    recipe.run(options, tmp_path / "assets")
    published = tmp_path / "assets" / "models" / "tiny"
    assert {path.name for path in published.iterdir()} >= {*NETWORKS, "README.md", "curves.png"}
    card = (published / "README.md").read_text(encoding="utf-8")
    trained = ("codec", "semantic", "text_to_semantic", "soundstorm", "speaker")
    assert all(f"| {name} |" in card for name in (*trained, "human | train"))
    assert "not by this run" not in card

    pipeline = DialoguePipeline.load(tmp_path / "run" / "models", device="cpu")
    assert len(pipeline.voices) >= 6
    untrained = SynthesisOptions(text=TextToSemanticOptions(strict=False))
    dialogue = pipeline.synthesize("[S1] It is late.\n[S2] So it is.", options=untrained)
    assert len(dialogue.captions) == 2
    assert np.isfinite(dialogue.mix.samples).all()
