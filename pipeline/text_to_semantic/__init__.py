"""Stage 3 of 6: text ids → semantic ids (SPEAR-TTS S1)."""
