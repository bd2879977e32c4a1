"""What suggestions are fitted to and measured on: labelled names, and histories made of them."""
