"""Stage 1 of 6: script text → turns."""
