"""What the pages of the console say, a file for each page; ``common`` is on all of them."""
