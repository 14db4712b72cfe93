"""Tests of the code of Lambda functions."""
