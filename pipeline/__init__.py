"""How speech is made: script → turns → ids → codes → waveform → dialogue. Start at `dialogue.py`."""
