"""How to generate; no part of the weights."""

from dataclasses import dataclass, field
from typing import Literal

from pipeline.errors import ConfigError
from pipeline.semantic_to_acoustic.generate import SoundStormOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisOptions:
    """How to generate; no part of the weights.

    Attributes:
        text: of text-to-semantic.
        storm: of SoundStorm.
        mode: "turns" speaks all turns at once, each in its own sequence; "window" speaks up to 30 s
            of consecutive turns in one sequence, as in the paper.
        prompt_text: read the text in the manner of the voice, too, by its semantic prompt; a whole
            window never is. SPEAR-TTS does not, and the shipped weights read better without.
        check_voices: compare every turn with its voice prompt, if the weights hold a speaker
            encoder; what does not sound like its voice is told in the notes.
        max_retakes: how many takes may be made in all of turns that do not; 0: none.
    """

    text: TextToSemanticOptions = field(default_factory=TextToSemanticOptions)
    storm: SoundStormOptions = field(default_factory=SoundStormOptions)
    mode: Literal["turns", "window"] = "turns"
    prompt_text: bool = False
    check_voices: bool = True
    max_retakes: int = 0

    def __post_init__(self) -> None:
        if self.max_retakes < 0:
            raise ConfigError(f"max_retakes must be 0 or more, is {self.max_retakes}")
        if self.max_retakes > 0 and not self.check_voices:
            raise ConfigError("retakes need check_voices, which finds the turns to speak again")
