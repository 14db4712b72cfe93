"""Files that a person edits: read as plain data, checked whole, every fault with its line."""
