# Starts the runner and ends as it ends. It is not put in this shell's place (exec): until Node listens it has no handler,
# and the pod's first process would not even be ended by SIGTERM. A child is, and then no agent has been started.
run_node() {
  trap 'pass_on TERM' TERM HUP QUIT
  trap 'pass_on INT' INT
  # Without V8's background threads: at process.exit one of them may wait for the main thread while that waits for it
  # (24.21: 1 of 220 runs hung for ever; nodejs/node#54918).
  # Without TurboFan and with a smaller heap: 16 MB less for no more CPU, but for bursts, which cost Nodes before 24 twice as
  # much (docs/performance.md). An option that a Node does not know would keep it from starting, so that a newer one has none.
  lean=
  case $version in v2[4-6].*) lean='--no-opt --optimize-for-size' ;; esac
  node --single-threaded $lean "$dir/runner.mjs" "$@" &
  child=$!
  # bash would report there that a signal ended the runner.
  exec 3>&2 2>/dev/null
  [ -z "$told" ] || pass_on "$told"
  await_child
  trap '' TERM INT HUP QUIT
  [ "$code" != 137 ] || sealed_code
  if [ ! -s "$termination_log" ]; then
    exec 2>&3
    unless_told
    no_agent "$code" not-started 'node could not run the runner'
  fi
  exit "$code"
}

# The runner ends itself by SIGKILL when a volume hangs; the agent's exit code is in its seal, where that is the last one.
sealed_code() {
  read -r sealed <"$termination_log"
  case $sealed in
  *'"partial":true'*) return ;;
  esac
  sealed=${sealed#*'"exitCode":'}
  sealed=${sealed%%[!0-9]*}
  code=${sealed:-137}
}

# pass_on SIGNAL: to the runner, once: each signal more would end `wait` early (see below). It may get lost where it comes
# between fork and exec, while the child has the traps of this shell; so it is repeated after a second, which a runner that
# has heard the first does not mind. A seal proves only that it runs.
passed_on=
pass_on() {
  told=$1
  [ -n "$child" ] && [ -z "$passed_on" ] || return 0
  passed_on=1
  trap '' TERM INT HUP QUIT
  kill "-$1" "$child"
  (sleep 1 && kill "-$1" "$child") </dev/null >/dev/null 2>&1 &
}

child=
dir=$(cd -- "${0%/*}" && pwd) || exit 125
version=$(NODE_OPTIONS='' node --version 2>/dev/null) || version=
case $version in
v1[89].* | v[2-9][0-9].* | v[1-9][0-9][0-9]*)
  unless_told
  # Meant for the agent; the runner hands them on.
  if [ -n "${NODE_OPTIONS+set}" ]; then
    export CLAUDE_K8S_NODE_OPTIONS="$NODE_OPTIONS"
    unset NODE_OPTIONS
  fi
  run_node "$@"
  ;;
esac

# The agent's container says why it does not start. The recorder's stays until it is told to end: the cluster would start
# it again.
case ${4-} in
send) not_started 125 'the image has no Node 18 or newer, which a recorder of its own needs (recorder: separate)' ;;
record)
  seal null null unknown ',"partial":true,"error":"the image has no Node 18 or newer, and nothing is recorded"'
  trap 'exit 0' TERM HUP QUIT INT
  [ -z "$told" ] || exit 0
  while :; do
    sleep 3600 &
    wait "$!"
  done
  ;;
esac
