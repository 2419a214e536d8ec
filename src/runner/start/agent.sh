mkdir -p -- "$working_directory" && cd -- "$working_directory" ||
  not_started 125 'cannot make or enter the working directory'
[ -r "$dir/prompt" ] || not_started 125 'cannot read the prompt'
case $1 in
*/*) [ -e "$1" ] || not_started 127 'no such program' ;;
*) command -v -- "$1" >/dev/null || not_started 127 'no such program' ;;
esac
case $1 in
*/*) [ -f "$1" ] && [ -x "$1" ] || not_started 126 'the program cannot be run' ;;
esac

# stderr must not share the log with the agent's lines: the container runtime splits a long line, and would put stderr
# between its parts. So it is kept, its first reads (a megabyte at most) and its end, and printed last. Where no file
# can be made, it is given up.
notes=${TMPDIR:-/tmp}/claude-k8s.$$
collector=
if (umask 077 && mkdir -- "$notes" && mkfifo -- "$notes/pipe") 2>/dev/null; then
  {
    dd bs=1024 count=1024 of="$notes/first" 2>/dev/null
    tail -c 8192 >"$notes/last"
  } <"$notes/pipe" >/dev/null 2>&1 &
  collector=$!
  stderr=$notes/pipe
else
  stderr=/dev/null
fi

if [ -n "$told" ]; then
  [ -z "$collector" ] || kill "$collector"
  rm -rf -- "$notes"
  unless_told
fi
# exec: a program, never one of the functions here.
{
  unless_marked
  exec "$@"
} <"$dir/prompt" 2>"$stderr" &
child=$!
[ -z "$told" ] || stop terminated

timeout_timer=
if [ "$timeout_sec" != 0 ]; then
  after "$timeout_sec" USR1 "$$"
  timeout_timer=$timer
fi

await_child
trap '' TERM INT HUP QUIT USR1
# bash would report on stderr each background job that is killed from here on.
exec 3>&2 2>/dev/null
for timer in $timeout_timer $grace_timer; do kill -KILL "$timer"; done
