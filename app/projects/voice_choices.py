"""Choices of a voice that are no voice's name."""

MADE_UP = "(surprise me)"
"""Choice of voice: the model makes one up. Brackets cannot be in a voice's name."""

OWN_RECORDING = "(my recording)"
"""Choice of voice: what the visitor uploads or records."""

VOICE_FILE = "(a voice file)"
"""Choice of voice: one that was saved from this page."""

CLONED = (OWN_RECORDING, VOICE_FILE)
"""Choices that speak as a real person might: they need that person's consent."""
