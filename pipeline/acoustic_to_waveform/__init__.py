"""Stage 5 of 6: acoustic codes → samples."""
