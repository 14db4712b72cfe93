"""The two sides of a review, and the acknowledgements of its base."""
