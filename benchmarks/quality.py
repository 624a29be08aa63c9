"""How well it speaks: words understood and voices kept, beside what bounds them.

Rows: flite itself (what the small models learned from), its codec reconstruction (the ceiling of
any codes), its own semantic ids through SoundStorm, and the whole pipeline. One JSON object a line.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.listeners import LISTENING_RATE_HZ, Recogniser, VoiceJudge, count_errors
from benchmarks.material import DIALOGUES, SENTENCES
from benchmarks.tables import Row, write_table
from pipeline.datatypes import Dialogue, SemanticTokens, Voice, Waveform
from pipeline.dialogue import DialoguePipeline
from pipeline.models import Models
from pipeline.semantic_to_acoustic.generate import SoundStormOptions, generate
from pipeline.semantic_to_acoustic.windows import Chunk, build_windows, windows_to_turns
from pipeline.tokenizers.normalise import normalise_text
from training.synthetic_speakers import SyntheticSpeaker, speak

FLITE_VOICES = ("slt", "rms", "awb")
ROWS = {
    "flite": "flite",
    "codec": "codec reconstruction of flite",
    "resynthesis": "flite's semantic ids through SoundStorm, voice anna",
    "sentences": "end to end, sentences",
    "dialogues": "end to end, dialogues",
}
README = Path(__file__).resolve().parents[1] / "README.md"


def flite_speech(sentences: Sequence[str]) -> list[Waveform]:
    """The sentences as flite says them, its voices in turn."""
    spoken = []
    for number, sentence in enumerate(sentences):
        voice = FLITE_VOICES[number % len(FLITE_VOICES)]
        samples, _ = speak(SyntheticSpeaker(name=voice, base=voice), normalise_text(sentence))
        spoken.append(_waveform(samples.astype(np.float32) / 32768.0))
    return spoken


def reconstruct(models: Models, speech: Sequence[Waveform]) -> list[Waveform]:
    """The same speech through the codec and back."""
    codec = models.codec
    rebuilt = []
    for waveform in speech:
        codes = codec.encode(torch.from_numpy(waveform.samples)[None])
        rebuilt.append(_waveform(codec.decode(codes)[0, : len(waveform.samples)].cpu().numpy()))
    return rebuilt


@torch.inference_mode()
def resynthesise(
    models: Models, speech: Sequence[Waveform], voice: Voice, seed: int
) -> list[Waveform]:
    """The same speech's semantic ids through SoundStorm and the codec, in one built-in voice."""
    tokenizer, config = models.semantic_tokenizer, models.soundstorm.config
    turns = [
        SemanticTokens(
            semantic_ids=tokenizer.encode(torch.from_numpy(waveform.samples)),
            speaker="S1",
            rate_hz=tokenizer.rate_hz,
        )
        for waveform in speech
    ]
    plan = [
        [Chunk(turn=number, start=0, stop=len(turn.semantic_ids))]
        for number, turn in enumerate(turns)
    ]
    windows = build_windows(turns, plan, {"S1": voice}, config)
    rng = torch.Generator().manual_seed(seed)
    codes = generate(models.soundstorm, windows, SoundStormOptions(), rng, None)
    acoustic = windows_to_turns(codes, plan, turns, config)
    return [_waveform(models.codec.decode(turn.codes[None])[0].cpu().numpy()) for turn in acoustic]


def turn_speech(dialogue: Dialogue) -> list[Waveform]:
    """Each turn alone, cut from its speaker's stem."""
    rate = dialogue.mix.sample_rate_hz
    return [
        Waveform(
            samples=dialogue.stems[caption.speaker].samples[
                round(caption.start_s * rate) : round(caption.end_s * rate)
            ],
            sample_rate_hz=rate,
        )
        for caption in dialogue.captions
    ]


def voice_row(pipeline: DialoguePipeline, models: Models, seed: int) -> tuple[Row, Row]:
    """Speak the dialogues, each with two other built-in voices: (words row, voices row)."""
    judge, recogniser = VoiceJudge(), Recogniser()
    prompts = {
        name: _waveform(models.codec.decode(voice.codes[None])[0].cpu().numpy())
        for name, voice in pipeline.voices.items()
    }
    names = list(prompts)
    own, other, wanted, heard = [], [], [], []
    for number, turns in enumerate(DIALOGUES):
        pair = (names[(2 * number) % len(names)], names[(2 * number + 1) % len(names)])
        cast = dict(zip(("S1", "S2"), pair, strict=True))
        script = "\n".join(f"[{speaker}] {text}" for speaker, text in turns)
        dialogue = pipeline.synthesize(script, cast, seed)
        for (speaker, text), speech in zip(turns, turn_speech(dialogue), strict=True):
            rival = cast["S2" if speaker == "S1" else "S1"]
            own.append(judge.similarity(speech, prompts[cast[speaker]]))
            other.append(judge.similarity(speech, prompts[rival]))
            wanted.append(text)
            heard.append(recogniser.words(speech))
    words = Row(name=ROWS["dialogues"], values=asdict(count_errors(wanted, heard)))
    voices = Row(
        name="voices in dialogues",
        values={
            "similarity_own": float(np.mean(own)),
            "similarity_other": float(np.mean(other)),
            "own_above_other": float(np.mean(np.asarray(own) > np.asarray(other))),
            "n_turns": len(own),
        },
    )
    return words, voices


def measure(
    pipeline: DialoguePipeline, n_sentences: int, seed: int, wanted: Sequence[str]
) -> Iterator[Row]:
    """The wanted rows, as they are ready."""
    models, recogniser = pipeline.models, Recogniser()
    sentences = SENTENCES[:n_sentences]
    names = list(pipeline.voices)
    original = flite_speech(sentences) if {"flite", "codec", "resynthesis"} & set(wanted) else []

    def end_to_end() -> list[Waveform]:
        return [
            pipeline.synthesize(f"[S1] {text}", {"S1": names[k % len(names)]}, seed).mix
            for k, text in enumerate(sentences)
        ]

    speech: dict[str, Callable[[], list[Waveform]]] = {
        "flite": lambda: original,
        "codec": lambda: reconstruct(models, original),
        "resynthesis": lambda: resynthesise(models, original, pipeline.voices[names[0]], seed),
        "sentences": end_to_end,
    }
    for name, speak_all in speech.items():
        if name in wanted:
            heard = [recogniser.words(waveform) for waveform in speak_all()]
            yield Row(name=ROWS[name], values=asdict(count_errors(sentences, heard)))
    if "dialogues" in wanted:
        yield from voice_row(pipeline, models, seed)


def _waveform(samples: Any) -> Waveform:
    return Waveform(samples=np.asarray(samples, dtype=np.float32), sample_rate_hz=LISTENING_RATE_HZ)


def main(argv: list[str] | None = None) -> None:
    """`python -m benchmarks.quality [--model small] [--seed 0] [--rows ...] [--write]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="small")
    parser.add_argument("--sentences", type=int, default=len(SENTENCES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args(argv)
    pipeline = DialoguePipeline.load(options.model)
    rows = []
    for row in measure(pipeline, options.sentences, options.seed, options.rows):
        print(json.dumps({"name": row.name, **row.values}), flush=True)
        rows.append(row)
    if options.write:
        write_table(README, "quality", rows)


if __name__ == "__main__":
    main()
