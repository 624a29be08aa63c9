"""Files: written in one step, read strictly."""
