"""The corpus: recordings of people and synthetic speech."""
