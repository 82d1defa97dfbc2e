"""All reading: files, and the one SQL text per question that any engine answers."""
