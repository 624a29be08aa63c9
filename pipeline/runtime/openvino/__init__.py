"""Runs networks by OpenVINO, where torch's own CPU kernels are much slower."""
