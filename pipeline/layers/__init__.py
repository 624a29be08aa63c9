"""Blocks of networks: plain numbers in, modules out."""
