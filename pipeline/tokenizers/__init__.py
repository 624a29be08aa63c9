"""The three alphabets: text, semantic, acoustic."""
