"""The codec: trained, and its decoder tuned once more on predicted codes."""
