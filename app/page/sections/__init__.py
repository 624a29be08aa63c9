"""What is laid out on the page."""
