"""The HTTP API, in the form that clients of speech already speak."""
