"""What is claimed, measured: quality and speed."""
