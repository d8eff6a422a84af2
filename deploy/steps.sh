# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034  # variables of quickstart
# Numbered steps with progress and elapsed time; a failed step shows the end of its log, the
# likely cause and what to run. Sourced by deploy/quickstart, which sets steps_total, logs and
# started (seconds).

step_number=0

is_terminal() { [[ -t 1 && ${TERM:-dumb} != dumb ]]; }

elapsed() {
  if (($1 < 60)); then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi
}

# What the last line of a log says of progress: "[53/412]" of ninja, a package's name of apt.
progress_of() {
  tail -c 400 "$1" 2>/dev/null | tr '\r' '\n' | grep -oE '^\[[0-9]+/[0-9]+\]' | tail -n 1
}

# step TITLE COMMAND...: runs it with its output in a log. A command that sets variables here
# must be started with step_here.
step() { run_step background "$@"; }
step_here() { run_step here "$@"; }

run_step() {
  local how=$1 title=$2 log status=0 began=$SECONDS
  shift 2
  ((step_number += 1))
  log=$logs/$(printf '%02d' "$step_number").log
  step_note=''
  printf '[%d/%d] %-46s ' "$step_number" "$steps_total" "$title"
  if [[ $how == here ]]; then
    "$@" >"$log" 2>&1 </dev/null || status=$?
  else
    "$@" >"$log" 2>&1 </dev/null &
    watch_step $! "$log" "$title" "$began" || status=$?
  fi
  if ((status == 0)); then
    step_note=${step_note:-$(sed -n 's/^note: //p' "$log" | tail -n 1)}
    printf '%12s  ok%s\n' "$(elapsed $((SECONDS - began)))" "${step_note:+  ($step_note)}"
    return 0
  fi
  printf '%12s  FAILED\n' "$(elapsed $((SECONDS - began)))"
  explain "$log" "$status"
  exit 1
}

# Rewrites the line each second on a terminal; elsewhere it only waits.
watch_step() {
  local pid=$1 log=$2 title=$3 began=$4 progress
  while kill -0 "$pid" 2>/dev/null; do
    if is_terminal; then
      progress=$(progress_of "$log" || true)
      printf '\r[%d/%d] %-46s %12s  %-12s' "$step_number" "$steps_total" "$title" \
        "$(elapsed $((SECONDS - began)))" "$progress"
    fi
    sleep 0.3
  done
  if is_terminal; then printf '\r[%d/%d] %-46s ' "$step_number" "$steps_total" "$title"; fi
  wait "$pid"
}

explain() {
  local log=$1 status=$2 cause='' remedy=''
  echo
  tail -n 15 "$log" | sed 's/^/    /'
  if grep -qE 'No space left on device' "$log"; then
    cause='the disk is full'
    remedy="free 2 GB here ($(df -h --output=avail . | tail -n 1 | tr -d ' ') left), then start again"
  elif grep -qE 'Killed|cannot allocate memory|internal compiler error' "$log"; then
    cause='the compiler ran out of memory'
    remedy='deploy/quickstart --jobs 1'
  elif grep -qE 'Temporary failure resolving|Could not connect|Unable to fetch|Failed to fetch' "$log"; then
    cause='the package mirror cannot be reached'
    remedy='apt-get update   (then start again)'
  elif grep -qE 'needs root|you cannot perform this operation unless you are root' "$log"; then
    cause='packages must be installed, and this is not root'
    remedy='sudo deploy/quickstart'
  elif grep -qE 'Operation not permitted|no privilege|permission to capture' "$log"; then
    cause='capturing needs root (CAP_NET_RAW)'
    remedy='sudo deploy/quickstart, or deploy/quickstart --no-live'
  elif grep -qE 'in use by|is used by|already runs' "$log"; then
    cause='another collector runs here, by an earlier quickstart or apart from it'
    remedy='deploy/quickstart --clean (for an earlier quickstart), else stop that process'
  elif grep -q 'no interface' "$log"; then
    cause='there is no interface of that name'
    remedy='deploy/quickstart --interface NAME, or deploy/quickstart --no-live'
  else
    cause="exit code $status; the lines above say more"
    remedy='deploy/quickstart --clean, then deploy/quickstart'
  fi
  printf '\n  likely cause: %s\n  try:          %s\n  whole log:    %s\n' "$cause" "$remedy" "$log"
}

# wait_until SECONDS WHAT COMMAND...: polls until the command succeeds. Its status 2 says that it
# never will.
wait_until() {
  local limit=$((SECONDS + $1)) what=$2 status
  shift 2
  while true; do
    status=0
    "$@" || status=$?
    if ((status == 0)); then return 0; fi
    if ((status == 2)); then return 1; fi
    if ((SECONDS >= limit)); then
      printf 'gave up waiting for %s\n' "$what"
      return 1
    fi
    sleep 0.1
  done
}
