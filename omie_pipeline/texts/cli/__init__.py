"""What the terminal says, by what a command is about. Help stands with its command."""
