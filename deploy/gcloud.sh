#!/usr/bin/env bash
# Two service accounts with the least they need, the buckets, the job and its schedule. Run once; read it first.
#   PROJECT=… REGION=… DATASET=… REPORTS_BUCKET=… PARAMS_BUCKET=… IMAGE=…@sha256:… deploy/gcloud.sh
set -euo pipefail
: "${PROJECT:?}" "${REGION:?}" "${DATASET:?}" "${REPORTS_BUCKET:?}" "${PARAMS_BUCKET:?}" "${IMAGE:?}"
cd "$(dirname "$0")/.."

runs="netra-analysis@${PROJECT}.iam.gserviceaccount.com"
starts="netra-schedule@${PROJECT}.iam.gserviceaccount.com"
gcloud iam service-accounts create netra-analysis --project="$PROJECT" --display-name="runs the analyses"
gcloud iam service-accounts create netra-schedule --project="$PROJECT" --display-name="starts the job, nothing else"

for bucket in "$REPORTS_BUCKET" "$PARAMS_BUCKET"; do
    gcloud storage buckets create "gs://${bucket}" --project="$PROJECT" --location="$REGION" \
        --uniform-bucket-level-access --public-access-prevention
done
# Retention of the copies is the bucket's: 90 days.
gcloud storage buckets update "gs://${REPORTS_BUCKET}" --lifecycle-file=deploy/lifecycle.json

# The sink's dataset alone, to read; jobs, to query; its own reports, to write; the params, to read.
bq add-iam-policy-binding --member="serviceAccount:${runs}" --role=roles/bigquery.dataViewer "${PROJECT}:${DATASET}"
for role in roles/bigquery.jobUser roles/monitoring.viewer; do
    gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:${runs}" --role="$role" --condition=None
done
gcloud storage buckets add-iam-policy-binding "gs://${REPORTS_BUCKET}" \
    --member="serviceAccount:${runs}" --role=roles/storage.objectUser
gcloud storage buckets add-iam-policy-binding "gs://${PARAMS_BUCKET}" \
    --member="serviceAccount:${runs}" --role=roles/storage.objectViewer

job="$(mktemp)"
trap 'rm -f "$job"' EXIT
sed -e "s|PROJECT|${PROJECT}|g" -e "s|IMAGE@sha256:DIGEST|${IMAGE}|" -e "s|REPORTS_BUCKET|${REPORTS_BUCKET}|" \
    -e "s|PARAMS_BUCKET|${PARAMS_BUCKET}|" deploy/job.yaml > "$job"
gcloud run jobs replace "$job" --project="$PROJECT" --region="$REGION"

gcloud run jobs add-iam-policy-binding netra-analysis --project="$PROJECT" --region="$REGION" \
    --member="serviceAccount:${starts}" --role=roles/run.invoker
gcloud scheduler jobs create http netra-analysis --project="$PROJECT" --location="$REGION" \
    --schedule="10 3 * * *" --time-zone=UTC --http-method=POST --oauth-service-account-email="$starts" \
    --uri="https://run.googleapis.com/v2/projects/${PROJECT}/locations/${REGION}/jobs/netra-analysis:run"
