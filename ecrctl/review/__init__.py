"""What a change does to images, access and workloads, from two synths alone."""
