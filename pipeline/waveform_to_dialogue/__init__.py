"""Stage 6 of 6: the sounds of turns → one dialogue."""
