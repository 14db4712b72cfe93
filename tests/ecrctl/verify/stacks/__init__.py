"""Tests of the comparison of stacks with their templates."""
