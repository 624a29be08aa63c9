"""Script text in, script text out: edits, imports, the text of turns."""
