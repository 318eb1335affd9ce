#!/usr/bin/env bash
# Write requirements.lock (what the package needs) and requirements-dev.lock (what checks and tests need beside it).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
pip=("$work/venv/bin/python" -m pip --disable-pip-version-check)

# A pin without the local label of a build (torch 2.13.0+cpu) installs whichever build a machine offers.
frozen() { "${pip[@]}" freeze --exclude bitsperfact | sed -E 's/\+[a-z0-9.]+$//' | LC_ALL=C sort -f; }

"${pip[@]}" install --quiet torch==2.13.0 ".[claims]"
frozen >"$work/runtime"
"${pip[@]}" install --quiet --constraint "$work/runtime" --group dev
frozen >"$work/all"
cp "$work/runtime" requirements.lock
{ echo "-r requirements.lock"; comm -13 <(LC_ALL=C sort "$work/runtime") <(LC_ALL=C sort "$work/all"); } >requirements-dev.lock
