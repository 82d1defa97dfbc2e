"""BigQuery as a source: a Cloud Logging sink's dataset, or a Log Analytics linked one."""

from netra_analysis.sources.bigquery.read import Reading, reading

__all__ = ["Reading", "reading"]
