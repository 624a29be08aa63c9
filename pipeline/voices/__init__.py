"""Whose voice: made of a recording, kept in a file, given to a speaker, heard again in a turn."""
