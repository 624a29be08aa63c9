"""Sound files in and out, and where in a sound the speech is; only this knows soundfile and soxr."""
