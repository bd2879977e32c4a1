"""What is wrong, who should be told of it, and through which channel."""
