"""The same every night under Airflow: the suite's run as one task, then a notebook of one's own by PapermillOperator.

`netra-analysis run` is the task that publishes: it freezes the capsule, watches over the kernels and verifies. The
PapermillOperator trusts papermill, which calls a notebook whose kernel died complete; so it only adds a notebook
of yours, on the capsule that the run has frozen.
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.providers.standard.operators.bash import BashOperator

REPORTS = "/srv/netra/reports"
# The end of the interval and not the clock: a retry, or a run that is cleared later, asks for the same window, and
# --resume passes over what is done for it.
RUN = (
    "netra-analysis run /srv/netra/params --jobs 2 --keep 30 --resume "
    f"--out {REPORTS} --now {{{{ data_interval_end | ts }}}}"
)

with DAG(
    "netra_analysis",
    schedule="10 3 * * *",
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001 (Airflow reads it in the DAG's own zone, UTC)
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=15)},
) as dag:
    own = PapermillOperator(
        task_id="own_notebook",
        input_nb="/srv/netra/notebooks/our_service.ipynb",
        output_nb=f"{REPORTS}/our_service-{{{{ ds }}}}.ipynb",
        parameters={"incident": f"{REPORTS}/api-nightly/capsule"},
    )
    BashOperator(task_id="run", bash_command=RUN) >> own
