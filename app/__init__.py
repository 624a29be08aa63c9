"""How people reach the pipeline: the page and the command line."""
