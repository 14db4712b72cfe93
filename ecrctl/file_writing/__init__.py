"""The writers of files that people edit too: replaced as a whole, one process at a time."""
