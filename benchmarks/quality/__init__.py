"""The exam: what is judged, by whom, and what came of it."""
