"""Arrays in, small frozen results out; knows nothing of logs. Every method names its source."""
