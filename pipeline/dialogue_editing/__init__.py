"""A dialogue once more for a part, and kept in files."""
