"""Text-to-semantic: what it learns from, and how."""
