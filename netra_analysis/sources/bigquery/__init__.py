"""BigQuery as a source: a Cloud Logging sink's dataset, or a Log Analytics linked one."""

from netra_analysis.sources.bigquery.read import estimate, read

__all__ = ["estimate", "read"]
