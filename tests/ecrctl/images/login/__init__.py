"""Tests of a room of images."""
