"""What computes: the pipeline, the queue in front of it, what a run costs and how far it is."""
