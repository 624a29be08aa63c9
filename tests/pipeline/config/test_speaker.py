import pytest

from pipeline.config.speaker import SpeakerConfig
from pipeline.errors import ConfigError


def test_less_speech_lowers_the_threshold_and_much_speech_hardly_does() -> None:
    config = SpeakerConfig(threshold=0.6, threshold_fall_s=0.2)
    assert config.threshold_for(1.0) == pytest.approx(0.4)
    assert config.threshold_for(0.5) == pytest.approx(0.2)
    assert 0.59 < config.threshold_for(60.0) < 0.6


def test_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="leave gaps"):
        SpeakerConfig(n_fft=256)
    with pytest.raises(ConfigError, match="no cosine similarity"):
        SpeakerConfig(threshold=1.5)
    with pytest.raises(ConfigError, match="negative"):
        SpeakerConfig(threshold_fall_s=-0.1)
