#!/usr/bin/env bash
# Preview the stack and write what would change to report.md, which comment.py posts.
#
# STACK is the stack; FAIL_ON is what fails the check, such as replace,delete; empty for nothing.
# Status: 0 if nothing of it was found, 1 if something was or the preview failed, 2 if there is
# nothing to report on.
set -euo pipefail
cd "$(dirname "$0")"
rm -f report.md

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What stays the same is listed, too, for a complete table of who may do what.
status=0
pulumi preview --stack "$STACK" --json --show-sames --non-interactive \
    >"$scratch/preview.json" || status=1
kubiya-pulumi preview-report "$scratch/preview.json" --fail-on="${FAIL_ON-}" \
    >"$scratch/report.md" || status=$?
if [ "$status" -lt 2 ]; then
    mv "$scratch/report.md" report.md
fi
exit "$status"
