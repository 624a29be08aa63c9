"""Sound files in and out, levels of speech; nothing else knows soundfile and soxr."""
