"""A dialogue as files to take away, and a project's zip read back."""
