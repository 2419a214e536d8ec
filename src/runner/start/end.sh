# seal_end MORE
seal_end() {
  # sh cannot tell death by a signal from an exit with 128 + n, except where it sent the SIGKILL itself.
  if [ "$code" = 137 ] && [ "$ending" != exit ]; then
    seal null '"SIGKILL"' "$ending" "$1"
  else
    seal "$code" null "$ending" "$1"
  fi
}
seal_end ''
if [ "$keeps" = 1 ]; then
  # A pod that is being ended leaves little time.
  seconds=60
  [ "$ending" != terminated ] || seconds=8
  rm -f -- "$outcome"
  /bin/sh "$dir/workspace.sh" keep "$working_directory" "$outcome" "$seconds" >/dev/null &
  child=$!
  after "$((seconds + 2))" KILL "$child"
  wait "$child"
  kill -KILL "$timer"
  left=
  [ ! -r "$outcome" ] || read -r left <"$outcome"
  rm -f -- "$outcome"
  [ -z "$left" ] || seal_end ",\"workspace\":$left"
fi

if [ -n "$collector" ]; then
  # A background process that the agent left behind may hold stderr open: no longer than two seconds.
  after 2 TERM "$collector"
  wait "$collector"
  kill -KILL "$timer"
  cat "$notes/first" >&3
  if [ -s "$notes/last" ]; then
    echo 'runner: what follows is the end of stderr; some of what stood before it may be missing' >&3
    cat "$notes/last" >&3
  fi
  rm -rf -- "$notes"
fi
seal_log "$ending"
exit "$code"
