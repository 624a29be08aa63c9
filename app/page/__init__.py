"""The web page, section by section: what is laid out, and what its buttons do."""
