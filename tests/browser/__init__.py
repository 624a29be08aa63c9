"""The page as people meet it, in Chromium, with the weights that are shipped."""
