"""Does every turn sound like the voice it was given? The encoder that hears it, and the check."""
