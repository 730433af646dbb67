#!/usr/bin/env bash
# Preview the stack and write the changes to report.md, which comment.py posts.
#
# STACK names the stack. FAIL_ON lists the conditions that fail the check, such as replace,delete;
# if it is empty, no condition does.
# Exit status: 0 for success, 1 if the preview failed or meets a condition, 2 without a preview.
set -euo pipefail
cd "$(dirname "$0")"
rm -f report.md

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The stream of events lists unchanged resources, for a complete RBAC table, and names the policies.
export PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true
status=0
pulumi preview --stack "$STACK" --json --non-interactive \
    >"$scratch/preview.json" || status=1
kubiya-pulumi preview-report "$scratch/preview.json" --fail-on="${FAIL_ON-}" \
    >"$scratch/report.md" || status=$?
if [ "$status" -lt 2 ]; then
    mv "$scratch/report.md" report.md
fi
exit "$status"
