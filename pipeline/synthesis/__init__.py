"""One script along the arrows: its turns are spoken, checked and put together."""
