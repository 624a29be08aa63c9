"""The networks of one size, and what runs them."""
