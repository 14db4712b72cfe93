"""The command line: the embedded AWS, reading back, and the way of an image."""
