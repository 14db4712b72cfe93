"""Pins: the image of each name that workloads use, written here and approved by a reviewer."""
