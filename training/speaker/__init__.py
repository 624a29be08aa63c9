"""The speaker encoder, and the threshold it flags by."""
