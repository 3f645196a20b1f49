"""What a stack is to be: its configuration, read and checked, and its secrets."""
