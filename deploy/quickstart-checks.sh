# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034  # variables of quickstart
# What deploy/quickstart --once adds: a virtual wire in network namespaces of its own, packets on
# it, and the proof that every figure is exactly what it should be. Sourced by deploy/quickstart.

default_jobs() {
  if (($(awk '/MemAvailable/ {print $2}' /proc/meminfo) < 3000000)); then echo 1; else nproc; fi
}

choose_interface() {
  $live || return 0
  if $once; then
    interface=teiten-q1
    return 0
  fi
  interface=${interface:-$(default_route_interface)}
  if [[ -z $interface ]]; then
    echo 'quickstart: no default route, so no interface to listen on; use --interface NAME or --no-live' >&2
    exit 1
  fi
  services=$(listening_services)
}

default_route_interface() {
  { ip -4 -o route show default; ip -6 -o route show default; } 2>/dev/null |
    sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1
}

# "22/tcp 53/udp": what listens on more than loopback. Answers to it are no scans.
listening_services() {
  command -v ss >/dev/null || return 0
  ss -Hltun 2>/dev/null | awk '
    $5 !~ /^(127\.|\[::1\])/ {
      port = $5; sub(/.*:/, "", port)
      if (port ~ /^[0-9]+$/ && !seen[port "/" $1]++) printf "%s%s/%s", n++ ? " " : "", port, $1
    }'
}

# ---- the wire of --once

make_wire() {
  ((EUID == 0)) || {
    echo 'quickstart: --once makes network namespaces, which needs root; or add --no-live' >&2
    exit 77
  }
  remove_wire
  ip netns add teiten-q0
  ip netns add teiten-q1
  ip link add teiten-q0 netns teiten-q0 type veth peer name teiten-q1 netns teiten-q1
  ip -n teiten-q0 link set teiten-q0 up
  ip -n teiten-q1 link set teiten-q1 up
  # Quiet: neither side speaks IPv6 by itself, so that what is captured is what was sent.
  local side
  for side in teiten-q0 teiten-q1; do
    ip netns exec $side sysctl -qw "net.ipv6.conf.$side.disable_ipv6=1"
  done
  wrap=(ip netns exec teiten-q1)
}

remove_wire() {
  ip netns del teiten-q0 2>/dev/null || true
  ip netns del teiten-q1 2>/dev/null || true
}

feed_live() {
  ip netns exec teiten-q0 tcpreplay -q -i teiten-q0 --pps=2000 "$captures/$fed.pcap" || return
  # Stopping drains to the last packet and sends the open window.
  stop_daemon live
  if ((stop_status != 0)); then
    cat "$logs/live.err"
    echo "the live sensor ended with $stop_status"
    return 1
  fi
  wait_until 15 'the last window of the live sensor' live_arrived
}

live_arrived() { [[ $(figure live observed) == "$(packets_in "$fed")" ]]; }

# ---- figures

# Packets in captures, from their file sizes' other witness: the table beside them.
packets_in() {
  local name
  for name in "$@"; do
    awk -F ' *[|] *' -v name="$name" '$2 == name {print $3}' "$captures/README.md"
  done | awk '{sum += $1} END {print sum + 0}'
}

# figure SENSOR NAME: of the accounting of one sensor; zero fields are left out of JSON.
figure() {
  local json
  json=$(ask sensors --group live,replay --sensor "$1" --output json 2>/dev/null) || return 1
  [[ $json == *'"captured"'* ]] || return 1
  number_in "$2" "$json"
}

# number_in NAME JSON: the first number of that name.
number_in() {
  local value
  value=$(grep -oE "\"$1\": *\"?[0-9]+" <<<"$2" | head -n 1 | grep -oE '[0-9]+$') || true
  printf '%s\n' "${value:-0}"
}

# cell KEY COLUMN: of a ranking as CSV on standard input.
cell() {
  awk -F, -v key="$1" -v column="$2" '
    NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
    $at["key"] == key {print $at[column]; exit}'
}

live_has_window() { [[ -n $(figure live captured) ]]; }

live_fates() {
  local name value
  for name in captured observed service solicited outbound unobserved link_local not_ip truncated \
    malformed undecodable_link kernel_dropped; do
    value=$(figure live $name)
    [[ -n $value ]] || return 1
    printf '  %-18s %10s\n' "$name" "$value"
  done
}

# expect WHAT GOT WANTED
expect() {
  if [[ $2 == "$3" ]]; then
    printf 'ok      %s: %s\n' "$1" "$2"
  else
    printf 'WRONG   %s: %s, expected %s\n' "$1" "${2:-nothing}" "$3"
    wrong=$((wrong + 1))
  fi
}

check_all() {
  wrong=0
  local a b
  a=$(packets_in "${replay_a[@]}") b=$(packets_in "${replay_b[@]}")
  expect 'captured by replay-a' "$(figure replay-a captured)" "$a"
  expect 'observed by replay-a' "$(figure replay-a observed)" "$a"
  expect 'captured by replay-b' "$(figure replay-b captured)" "$b"
  expect 'observed by replay-b' "$(figure replay-b observed)" "$b"
  if $live; then
    expect 'captured by live' "$(figure live captured)" "$(packets_in "$fed")"
    expect 'observed by live' "$(figure live observed)" "$(packets_in "$fed")"
    expect 'dropped by the kernel at live' "$(figure live kernel_dropped)" 0
  fi
  # What the tools' own marks say, and what the report adds up to.
  local tools
  tools=$(ask rank --by tool --group replay --last 24h --output csv)
  expect 'packets marked zmap' "$(cell zmap packets <<<"$tools")" \
    "$(packets_in zmap_syn80 zmap_icmp)"
  expect 'packets marked masscan' "$(cell masscan packets <<<"$tools")" \
    "$(packets_in masscan_syn masscan_seed1)"
  expect 'packets in the report' "$(report_total)" "$((a + b + $($live && packets_in "$fed" || echo 0)))"
  return "$((wrong > 0))"
}

report_total() {
  tr -d '\n' <"$folder/report.json" | grep -oE '"total": *\{[^}]*\}' | tail -n 1 >"$logs/total"
  number_in packets "$(<"$logs/total")"
}

# Ends by itself only if a daemon does.
run_until_interrupted() {
  local name
  while true; do
    for name in "${!pids[@]}"; do
      if ! kill -0 "${pids[$name]}" 2>/dev/null; then
        printf '\n%s ended by itself; the end of its log:\n' "$name"
        tail -n 15 "$logs/$name.err" | sed 's/^/    /'
        exit 1
      fi
    done
    # In the background, so that Ctrl-C is not held up by it.
    sleep 1 &
    wait $! || true
  done
}
