"""The workloads that run images, and the pins that choose them."""
