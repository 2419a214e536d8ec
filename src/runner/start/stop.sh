# after SECONDS SIGNAL PROCESS: in the background; its process id is in $timer, `kill -KILL` cancels it (it may ignore
# the others; its sleep then ends with the container). Not `wait`: bash starts a child of a trap with the signals that
# the parent has not handled yet, and they would end it early (5.2, measured). Holds none of the log's pipes open.
after() {
  (sleep "$1" && kill "-$2" "$3") </dev/null >/dev/null 2>&1 &
  timer=$!
}

# A child has the traps of this shell until it has put them back: a signal that it gets before is lost (dash: one of a few
# hundred on a busy machine, measured). So what is told is written down first, as a newline behind the seal that says nothing
# yet, and each child looks when it is itself: `read` succeeds where there is one.
unless_marked() { ! { read -r _ <"$termination_log"; } 2>/dev/null || exit 143; }

# Tells the agent to stop, once: further signals are ignored from here on. Each would end `wait` early, and one that
# does so while the agent is ending can cost its exit code (bash 5.2, measured).
ending=exit grace_timer=
stop() {
  told=TERM
  [ "$ending" != exit ] || ending=$1
  [ -n "$child" ] && [ -z "$grace_timer" ] || return 0
  trap '' TERM INT HUP QUIT USR1
  { echo >>"$termination_log"; } 2>/dev/null
  kill -TERM "$child" 2>/dev/null
  after "$grace_sec" KILL "$child"
  grace_timer=$timer
}
# A background child of sh ignores SIGINT, so the agent is told to stop by SIGTERM whatever the runner got.
trap 'stop terminated' TERM INT HUP QUIT
trap 'stop timeout' USR1
