"""The autoregressive baseline: AudioLM's coarse and fine stages on our ids and codes."""
