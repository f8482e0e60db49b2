#!/bin/sh
# Trains, registers, asks the gates, promotes. Where a gate stands in the way: exit code 4, and the review as review.md.
set -eu

run=$(python train.py | tail -n 1)
frontrunner register "$run" --model churn --yes --reason "build ${BUILD:-local}"

if frontrunner gates churn/latest --to @champion; then
    frontrunner promote churn/latest --to @champion --yes --reason "build ${BUILD:-local}"
else
    code=$?
    frontrunner review churn/latest --to @champion --markdown > review.md
    exit "$code"
fi
