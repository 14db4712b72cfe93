"""Access in a review: the policies of an assembly, and the access gained or lost between two."""
