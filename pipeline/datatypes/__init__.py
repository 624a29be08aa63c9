"""What travels on the arrows of the flow: frozen values that know their own rate, no batch axis.

Axis letters are those of docs/flow.md: L text ids, S semantic ids, Q codebook levels, T acoustic
frames, N audio samples.
"""
