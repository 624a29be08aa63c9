"""What is judged: utterances with the text they should say and the voice they should have."""

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.quality.listeners import LISTENING_RATE_HZ
from pipeline.audio.read import read_audio
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.tokens import SemanticTokens
from pipeline.datatypes.voice import Voice
from pipeline.dialogue import DialoguePipeline
from pipeline.normalisation.normalise import normalise_text
from pipeline.runtime.models import Models
from pipeline.semantic_to_acoustic.generate import SoundStormOptions, generate
from pipeline.semantic_to_acoustic.windows import Chunk, build_windows, windows_to_turns
from pipeline.voices.from_recording import recording_to_voice
from training.corpus.synthetic_speakers import SyntheticSpeaker, draw_speaker, speak

PROMPT_S = 4.0
SHORTEST_REST_S = 1.0
LONGEST_CLIP_S = 9.0
CLIPS_PER_SPEAKER = 3
UNSEEN_SEED = 20_000
"""Of made-up speakers; trainings draw theirs with small seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One utterance to be judged.

    Attributes:
        text: what it should say; empty if unknown.
        speech: how it came out.
        prompt: the voice it should have, as the codec gives it back.
        rivals: the other voices of the same dialogue.
        original: the recording that it is a copy of, in time with it.
        wall_s: seconds that making it took; `nan` if nothing was made.
        start_s: where in its script it begins.
    """

    text: str
    speech: Waveform
    prompt: Waveform | None = None
    rivals: tuple[Waveform, ...] = ()
    original: Waveform | None = None
    wall_s: float = float("nan")
    start_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Someone's utterance, and another of the same speaker as voice prompt."""

    speaker: str
    text: str
    speech: Waveform
    prompt: Waveform


def flite_recordings(sentences: Sequence[str], voices: Sequence[str]) -> list[Recording]:
    """Sentences as flite's voices say them in turn; the prompt is the sentence before last."""
    speakers = [SyntheticSpeaker(name=voice, base=voice) for voice in voices]
    return _synthetic(sentences, speakers)


def unseen_synthetic_recordings(sentences: Sequence[str], n_speakers: int) -> list[Recording]:
    """Sentences said in turn by made-up speakers that no training heard."""
    return _synthetic(sentences, [draw_speaker(i, UNSEEN_SEED) for i in range(n_speakers)])


def human_recordings(data: Path) -> list[Recording]:
    """Held-out clips of people of whom no training heard anything; see `training.corpus.build`.

    Of a speaker with one clip only, its first seconds are the prompt and the text does not count;
    a clip with less than a second after these is left out.
    """
    with (data / "speech" / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    heard = {row["speaker"] for row in rows if row["split"] != "dev"}
    clips: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        if row["split"] == "dev" and row["speaker"] not in heard:
            clips.setdefault(row["speaker"], []).append(row)
    return [r for speaker in sorted(clips) for r in _of_one_person(data, speaker, clips[speaker])]


def _of_one_person(
    data: Path, speaker: str, rows: Sequence[Mapping[str, str]]
) -> Iterator[Recording]:
    sounds = [read_audio(data / "speech" / row["path"], LISTENING_RATE_HZ) for row in rows]
    if len(rows) == 1:
        whole = sounds[0].samples[: round(LONGEST_CLIP_S * LISTENING_RATE_HZ)]
        cut = round(PROMPT_S * LISTENING_RATE_HZ)
        if len(whole) - cut >= SHORTEST_REST_S * LISTENING_RATE_HZ:
            yield Recording(
                speaker=speaker, text="", speech=waveform(whole[cut:]), prompt=waveform(whole[:cut])
            )
        return
    longest = max(range(len(rows)), key=lambda i: sounds[i].duration_s)
    chosen = [i for i in range(len(rows)) if i != longest and rows[i]["text"]][:CLIPS_PER_SPEAKER]
    for i in chosen:
        yield Recording(
            speaker=speaker, text=rows[i]["text"], speech=sounds[i], prompt=sounds[longest]
        )


def _synthetic(sentences: Sequence[str], speakers: Sequence[SyntheticSpeaker]) -> list[Recording]:
    recordings = []
    for number, sentence in enumerate(sentences):
        speaker = speakers[number % len(speakers)]
        recordings.append(
            Recording(
                speaker=speaker.name,
                text=sentence,
                speech=_said(speaker, sentence),
                prompt=_said(speaker, f"{sentences[number - 1]} {sentences[number - 2]}"),
            )
        )
    return recordings


def _said(speaker: SyntheticSpeaker, text: str) -> Waveform:
    samples, _ = speak(speaker, normalise_text(text))
    return waveform(samples.astype(np.float32) / 32768.0)


def as_recorded(recordings: Sequence[Recording]) -> Iterator[Take]:
    """The recordings themselves: what no copy can surpass."""
    for r in recordings:
        yield _copy(r, recordings, r.speech)


def reconstructed(models: Models, recordings: Sequence[Recording]) -> Iterator[Take]:
    """Through the codec and back: what SoundStorm cannot surpass."""
    for r in recordings:
        start = time.perf_counter()
        codes = models.codec.encode(torch.from_numpy(r.speech.samples)[None])
        samples = models.codec.decode(codes)[0, : len(r.speech.samples)].cpu().numpy()
        take = _copy(r, recordings, waveform(samples), time.perf_counter() - start)
        yield replace(take, original=r.speech)


@torch.inference_mode()
def resynthesised(models: Models, recordings: Sequence[Recording], seed: int) -> Iterator[Take]:
    """The true semantic ids through SoundStorm, prompted with the same speaker."""
    tokenizer, config = models.semantic_tokenizer, models.soundstorm.config
    for number, r in enumerate(recordings):
        voice = _voice(models, r)
        turn = SemanticTokens(
            semantic_ids=tokenizer.encode(torch.from_numpy(r.speech.samples)),
            speaker="S1",
            rate_hz=tokenizer.rate_hz,
        )
        start = time.perf_counter()
        plan = [[Chunk(turn=0, start=0, stop=len(turn.semantic_ids))]]
        windows = build_windows([turn], plan, {"S1": voice}, config)
        rng = torch.Generator().manual_seed(seed + number)
        codes = generate(models.soundstorm, windows, SoundStormOptions(), rng)
        (acoustic,) = windows_to_turns(codes, plan, [turn], config)
        samples = models.codec.decode(acoustic.codes[None])[0].cpu().numpy()
        yield _copy(r, recordings, waveform(samples), time.perf_counter() - start)


def cloned(
    pipeline: DialoguePipeline, recordings: Sequence[Recording], seed: int
) -> Iterator[Take]:
    """The recordings' texts end to end, in the voice of their speaker's other recording."""
    for r in recordings:
        if r.text:
            voice = _voice(pipeline.models, r)
            start = time.perf_counter()
            dialogue = pipeline.synthesize(f"[S1] {_plain(r.text)}", {"S1": voice}, seed)
            yield _copy(r, recordings, dialogue.mix, time.perf_counter() - start)


def sentences_spoken(
    pipeline: DialoguePipeline, sentences: Sequence[str], seed: int
) -> Iterator[Take]:
    """Each sentence end to end, the built-in voices in turn."""
    prompts = voice_prompts(pipeline)
    names = list(prompts)
    for number, text in enumerate(sentences):
        name = names[number % len(names)]
        start = time.perf_counter()
        dialogue = pipeline.synthesize(f"[S1] {text}", {"S1": name}, seed)
        yield Take(
            text=text,
            speech=dialogue.mix,
            prompt=prompts[name],
            rivals=tuple(prompts[other] for other in names if other != name),
            wall_s=time.perf_counter() - start,
        )


def dialogues_spoken(
    pipeline: DialoguePipeline, dialogues: Sequence[Sequence[tuple[str, str]]], seed: int
) -> Iterator[Take]:
    """Every turn of dialogues, each with other built-in voices."""
    prompts = voice_prompts(pipeline)
    names = list(prompts)
    for number, turns in enumerate(dialogues):
        speakers = sorted({speaker for speaker, _ in turns})
        cast = {
            speaker: names[(len(speakers) * number + k) % len(names)]
            for k, speaker in enumerate(speakers)
        }
        script = "\n".join(f"[{speaker}] {text}" for speaker, text in turns)
        start = time.perf_counter()
        dialogue = pipeline.synthesize(script, cast, seed)
        wall_s = time.perf_counter() - start
        spoken = turn_speech(dialogue)
        total_s = sum(speech.duration_s for speech in spoken)
        for (speaker, text), speech, caption in zip(turns, spoken, dialogue.captions, strict=True):
            yield Take(
                text=text,
                speech=speech,
                prompt=prompts[cast[speaker]],
                rivals=tuple(prompts[cast[other]] for other in speakers if other != speaker),
                wall_s=wall_s * speech.duration_s / total_s,
                start_s=caption.start_s,
            )


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


def voice_prompts(pipeline: DialoguePipeline) -> dict[str, Waveform]:
    """The built-in voices' prompts as the codec gives them back."""
    codec = pipeline.models.codec
    return {
        name: waveform(codec.decode(voice.codes[None])[0].cpu().numpy())
        for name, voice in pipeline.voices.items()
    }


def waveform(samples: Any) -> Waveform:
    """Samples at the rate that judges listen at."""
    return Waveform(samples=np.asarray(samples, dtype=np.float32), sample_rate_hz=LISTENING_RATE_HZ)


def _copy(
    own: Recording,
    recordings: Sequence[Recording],
    speech: Waveform,
    wall_s: float = float("nan"),
) -> Take:
    """A recording said again; the rivals are one prompt of every other speaker."""
    prompts = {r.speaker: r.prompt for r in recordings if r.speaker != own.speaker}
    return Take(
        text=own.text,
        speech=speech,
        prompt=own.prompt,
        rivals=tuple(prompts.values()),
        wall_s=wall_s,
    )


def _voice(models: Models, recording: Recording) -> Voice:
    return recording_to_voice(
        recording.prompt,
        recording.speaker,
        models.semantic_tokenizer,
        models.codec,
        LimitsConfig(),
    )


def _plain(text: str) -> str:
    return " ".join(text.replace("[", " ").replace("{", " ").replace("|", " ").split())
