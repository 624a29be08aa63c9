"""How the page bears a crowd."""
