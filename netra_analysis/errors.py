"""What can go wrong, by what a caller would do about it.

Every message names three things: what was asked, what there is, and what to do.
"""


class NetraAnalysisError(Exception):
    """Anything this package refuses or could not finish."""

    exit_code = 1


class RequestError(NetraAnalysisError):
    """The request is wrong: parameters, the command line, or an output that cannot be written."""

    exit_code = 2


class SourceError(NetraAnalysisError):
    """The source cannot be read, or refuses: missing, empty, no permission, over budget."""

    exit_code = 3


class ReportError(NetraAnalysisError):
    """A notebook or the report failed; what was produced is kept and marked failed."""

    exit_code = 4


class VerificationError(NetraAnalysisError):
    """A recomputed claim, table or file differs from what was published."""

    exit_code = 5


class LockedError(NetraAnalysisError):
    """Another run of this incident holds its lock."""

    exit_code = 75


class QueryError(NetraAnalysisError):
    """A query leaves the dialect that BigQuery and DuckDB share, or failed to run."""

    exit_code = 4


class SchemaError(NetraAnalysisError):
    """A table does not have the columns, types or nullability that `schema` states."""

    exit_code = 4
