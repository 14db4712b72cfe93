"""The rules of a review, one file for each category."""
