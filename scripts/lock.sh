#!/usr/bin/env bash
# Write requirements.lock (what the package needs) and requirements-dev.lock (what checks and tests need beside it).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A pin without the local label of a build (torch 2.13.0+cpu) installs whichever build a machine offers.
frozen() { "$1/bin/python" -m pip freeze --exclude bitsperfact | sed -E 's/\+[a-z0-9.]+$//' | LC_ALL=C sort -f; }

extras=claims,testers,streaming
installed() {
  "$python" -m venv "$1"
  "$1/bin/python" -m pip install --quiet --upgrade pip # dependency groups need pip 25.1
  "$1/bin/python" -m pip install --quiet torch==2.13.0 ".[$2]" "${@:3}"
  frozen "$1"
}

# All at once first, so that no version that the package alone would take shuts out one that its tests need.
installed "$work/all" "$extras,ray" --group dev >"$work/all.lock"
installed "$work/runtime" "$extras" --constraint "$work/all.lock" >"$work/runtime.lock"
cp "$work/runtime.lock" requirements.lock
{
  echo "-r requirements.lock"
  LC_ALL=C comm -13 <(LC_ALL=C sort "$work/runtime.lock") <(LC_ALL=C sort "$work/all.lock") | LC_ALL=C sort -f
} >requirements-dev.lock
