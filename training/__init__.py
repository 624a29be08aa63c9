"""Makes the weights; the app runs without it."""
