"""Files that a person edits: read as plain data, checked as a whole, each fault with its line."""
