"""What the controls of the page do."""
