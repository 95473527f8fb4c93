#!/usr/bin/env bash
# Draws the pictures of the docs from the output of the demo in a terminal of 80 columns: docs/demo.svg in the
# middle of the deployment, docs/demo-failure.svg at the end.
# Needs tmux. Run it after a change of the demo's output, and look at the pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --quiet --package demo --bins --examples
target=${CARGO_TARGET_DIR:-target}/debug
socket=demo-picture-$$
screen=$(mktemp)
trap 'tmux -L "$socket" kill-server 2>/dev/null || true; rm -f "$screen"' EXIT

# With one of these variables, the demo prints lines instead of bars, or no colors.
unset CI NO_COLOR
tmux -L "$socket" -f /dev/null new-session -d -x 80 -y 70 'printf "$ cargo demo\n"; '"$target/demo"'; sleep 60'

# Waits until the screen shows a text, and captures the screen with its colors.
capture() {
  local shown
  for _ in $(seq 600); do
    shown=$(tmux -L "$socket" capture-pane -p)
    if grep -qF -- "$1" <<<"$shown"; then
      tmux -L "$socket" capture-pane -p -e >"$screen"
      return
    fi
    sleep 0.1
  done
  echo "the demo never showed: $1" >&2
  exit 1
}

capture '4 of 7 services done'
"$target/examples/picture" <"$screen" >docs/demo.svg
capture 'see cargo demo --help'
sed -n '/3\. A failure/,/exit code  /p' "$screen" | "$target/examples/picture" >docs/demo-failure.svg
