"""Stage 4 of 6: semantic ids → acoustic codes (SoundStorm)."""
