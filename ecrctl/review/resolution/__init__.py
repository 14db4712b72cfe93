"""Templates with their intrinsic functions resolved, as far as an assembly determines them."""
