"""The catalogue's incidents: each a function that writes a script for the engine under a seed's circumstances."""
