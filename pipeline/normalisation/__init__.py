"""Typed text → the words that are spoken: numbers, quantities, addresses, acronyms, numerals."""
