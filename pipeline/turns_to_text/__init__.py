"""Stage 2 of 6: turns → text ids."""
