"""One copy between two places that contain images: push, pull and promote are one of it."""
