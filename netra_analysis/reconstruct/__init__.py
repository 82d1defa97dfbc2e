"""What happened, put together from the tables: crash episodes and the fate of each failed request."""
