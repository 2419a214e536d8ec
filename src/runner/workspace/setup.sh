# The agent's own commands.

# The first lines of what setup prints, and the last ones.
tell_setup() {
  lines=0 cr=$(printf '\r')
  while [ "$lines" -lt 1000 ] && { IFS= read -r line || [ -n "$line" ]; }; do
    line=${line%"$cr"} lines=$((lines + 1))
    printf 'setup: %.4000s\n' "${line##*"$cr"}"
    printf '%.4000s\n' "${line##*"$cr"}" >>"$state/said"
  done
  tail -n 20 | tr '\r' '\n' | cut -c 1-4000 >"$state/rest"
  [ ! -s "$state/rest" ] || say 'what follows is the end of what was printed; some of it before is left out'
  sed 's/^/setup: /' "$state/rest"
  cat "$state/rest" >>"$state/said"
}

setup() {
  step=setup
  unless_told
  say "runs, for at most $setup_sec s"
  limit "$setup_sec"
  mkdir -p -- "$folder" && mkfifo -- "$state/pipe" || failed failed 'its output cannot be read: no file can be made'
  tell_setup <"$state/pipe" &
  teller=$!
  (
    unless_marked
    cd -- "$folder" || exit
    unset GIT_TERMINAL_PROMPT GIT_ASKPASS SSH_ASKPASS GCM_INTERACTIVE LC_ALL GIT_SSH_COMMAND GIT_ALLOW_PROTOCOL
    eval "$environment"
    [ ! -r "${CLAUDE_ENV_FILE:-}" ] || . "$CLAUDE_ENV_FILE"
    exec /bin/sh -e "$dir/setup"
  ) </dev/null >"$state/pipe" 2>&1 &
  child=$!
  await_child
  # A process that it left running may hold its output open.
  (sleep 2 && kill -KILL "$teller") </dev/null >/dev/null 2>&1 &
  guard=$!
  wait "$teller"
  kill -KILL "$guard"
  unless_told
  last=$(tail -n 5 "$state/said" | plain 500)
  [ ! -e "$state/late" ] || failed timeout "not done after $setup_sec s: $last"
  [ "$code" = 0 ] || failed failed "exit code $code: $last"
}
