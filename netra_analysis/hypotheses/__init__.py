"""Causes as data, and the matrix of their predictions against what was seen."""
