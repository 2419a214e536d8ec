# The pod's first program, in POSIX sh (dash, busybox, bash):
#
#     /bin/sh RUN_DIRECTORY/start.sh TERMINATION_LOG WORKING_DIRECTORY [TRANSCRIPT]
#
# Where there is Node 18 or newer, it starts the runner and passes on what it is told. Elsewhere it is the runner: prompt,
# signals, grace, time limit and exit code are the same; the agent's lines go to the log as they are, after one line that
# says so; the seal holds the end and nothing of the transcript; no copy goes to TRANSCRIPT.
#
# Where the record is kept by a container of its own, Node is needed, and the two containers run
#
#     /bin/sh RUN_DIRECTORY/start.sh TERMINATION_LOG WORKING_DIRECTORY FOLDER send
#     /bin/sh RUN_DIRECTORY/start.sh TERMINATION_LOG FOLDER TRANSCRIPT record

# Before anything that takes time: the kernel drops a signal for the pod's first process that it has no trap for.
told=
trap 'told=TERM' TERM HUP QUIT
trap 'told=INT' INT

# Of a Claude Code that started this one, as far as there was any: they are not this agent's, wherever they come from.
unset CLAUDECODE CLAUDE_CODE_ENTRYPOINT CLAUDE_CODE_SSE_PORT CLAUDE_CODE_EXECPATH CLAUDE_CODE_CHILD_SESSION \
  CLAUDE_CODE_SESSION CLAUDE_CODE_SESSION_ID CLAUDE_CODE_SESSION_KIND CLAUDE_CODE_SESSION_NAME \
  CLAUDE_CODE_SESSION_ACCESS_TOKEN CLAUDE_CODE_PARENT_SESSION CLAUDE_CODE_PARENT_SESSION_ID \
  CLAUDE_CODE_REMOTE_SESSION_ID CLAUDE_CODE_BRIDGE_SESSION_ID CLAUDE_CODE_LAUNCHED_BY_SESSION_IDS

termination_log=$1
working_directory=$2

# What a second image brings: Claude Code before what the agent's image has, Node only where that has none.
[ -z "${CLAUDE_K8S_CLI-}" ] || PATH="$CLAUDE_K8S_CLI/bin:$PATH:$CLAUDE_K8S_CLI/node"
unset CLAUDE_K8S_CLI

# Authorities that the agent is to trust beside the public ones: a file or a folder of PEM files. git, curl and Python take one
# file in place of the system's, so both go into one. What the agent's own environment says stays. Node's own public ones
# where the image has none.
trust() {
  for public in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem ''; do
    [ ! -r "$public" ] || break
  done
  {
    if [ -n "$public" ]; then cat "$public"; else
      NODE_OPTIONS='' node -p 'require("node:tls").rootCertificates.join("\n")' 2>/dev/null
    fi
    for file in "$CLAUDE_K8S_AUTHORITIES" "$CLAUDE_K8S_AUTHORITIES"/*; do
      [ ! -f "$file" ] || { echo && cat "$file"; }
    done
  } >"$CLAUDE_K8S_TRUSTED" || echo 'runner: the certificate authorities could not be written' >&2
  export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$CLAUDE_K8S_TRUSTED}" SSL_CERT_FILE="${SSL_CERT_FILE:-$CLAUDE_K8S_TRUSTED}" \
    GIT_SSL_CAINFO="${GIT_SSL_CAINFO:-$CLAUDE_K8S_TRUSTED}" CURL_CA_BUNDLE="${CURL_CA_BUNDLE:-$CLAUDE_K8S_TRUSTED}" \
    REQUESTS_CA_BUNDLE="${REQUESTS_CA_BUNDLE:-$CLAUDE_K8S_TRUSTED}"
}
[ -z "${CLAUDE_K8S_AUTHORITIES-}" ] || trust
unset CLAUDE_K8S_AUTHORITIES CLAUDE_K8S_TRUSTED

# seal EXIT_CODE SIGNAL ENDING [MORE]: the values as JSON. MORE begins with a comma.
seal() {
  sealed="{\"v\":1,\"runner\":\"sh\",\"exitCode\":$1,\"signal\":$2,\"ending\":\"$3\"$4}"
  printf '%s' "$sealed" >"$termination_log"
}

# A run that was told to stop ends its log with the seal (frame.ts: RAW_LOG_MARK, SEAL_MARK).
marked=
seal_log() {
  [ "$1" = terminated ] || return 0
  [ -n "$marked" ] || echo 'raw|1'
  echo "seal|$sealed"
}

# no_agent EXIT_CODE ENDING REASON: ends here, the agent was not started. The reason without quotes or backslashes.
no_agent() {
  echo "runner: $3" >&2
  seal null null "$2" ",\"error\":\"$3\""
  seal_log "$2"
  exit "$1"
}
# What the workspace's script has left is JSON of ASCII: {"step":...,"cause":...,"words":"..."}.
not_prepared() {
  why=
  [ ! -r "$outcome" ] || read -r why <"$outcome"
  rm -f -- "$outcome"
  case $why in
  *'","words":"'*) ;;
  *) not_started 125 "the workspace's script ended with $code" ;;
  esac
  words=${why##*'","words":"'}
  words=${words%'"}'}
  echo "runner: $words" >&2
  seal null null not-started ",\"notPrepared\":${why%%',"words":'*}},\"error\":\"$words\""
  exit 125
}
not_started() { no_agent "$1" not-started "$2"; }
unless_told() { [ -z "$told" ] || no_agent 143 terminated 'told to stop before the agent was started'; }

# Waits for $child; its exit code is in $code. A trapped signal ends `wait` with 128 + n although the child lives, in
# bash even the next one, when it came twice. So it is asked until the child is gone, and twice more; 127 means that the
# answer before was the child's own.
await_child() {
  wait "$child"
  code=$?
  left=3
  while [ -n "$told" ] && [ "$left" != 0 ]; do
    wait "$child" 2>/dev/null
    again=$?
    [ "$again" != 127 ] || break
    code=$again
    kill -0 "$child" 2>/dev/null || left=$((left - 1))
  done
}

# Starts the runner and ends as it ends. It is not put in this shell's place (exec): until Node listens it has no handler,
# and the pod's first process would not even be ended by SIGTERM. A child is, and then no agent has been started.
run_node() {
  trap 'pass_on TERM' TERM HUP QUIT
  trap 'pass_on INT' INT
  # Without V8's background threads: at process.exit one of them may wait for the main thread while that waits for it
  # (24.21: 1 of 220 runs hung for ever; nodejs/node#54918).
  node --single-threaded "$dir/runner.mjs" "$@" &
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

# after SECONDS SIGNAL PROCESS: in the background; its process id is in $timer, `kill -KILL` cancels it (it may ignore
# the others; its sleep then ends with the container). Not `wait`: bash starts a child of a trap with the signals that
# the parent has not handled yet, and they would end it early (5.2, measured). Holds none of the log's pipes open.
after() {
  (sleep "$1" && kill "-$2" "$3") </dev/null >/dev/null 2>&1 &
  timer=$!
}

# Tells the agent to stop, once: further signals are ignored from here on. Each would end `wait` early, and one that
# does so while the agent is ending can cost its exit code (bash 5.2, measured).
ending=exit grace_timer=
stop() {
  told=TERM
  [ "$ending" != exit ] || ending=$1
  [ -n "$child" ] && [ -z "$grace_timer" ] || return 0
  trap '' TERM INT HUP QUIT USR1
  kill -TERM "$child" 2>/dev/null
  after "$grace_sec" KILL "$child"
  grace_timer=$timer
}
# A background child of sh ignores SIGINT, so the agent is told to stop by SIGTERM whatever the runner got.
trap 'stop terminated' TERM INT HUP QUIT
trap 'stop timeout' USR1

unset CLAUDE_K8S_CONFIG_DIRECTORY
echo 'raw|1'
marked=1
seal null null unknown ',"partial":true'

[ -r "$dir/run.sh" ] || not_started 125 'cannot read run.sh'
# Sets the agent's command as $1 $2 ..., and grace_sec, timeout_sec, prepares and keeps.
. "$dir/run.sh"

# What it says goes to stderr, where nothing else is said before the agent: no line of it is the agent's.
outcome=${TMPDIR:-/tmp}/claude-k8s-outcome.$$
if [ "$prepares" = 1 ]; then
  unless_told
  rm -f -- "$outcome"
  /bin/sh "$dir/workspace.sh" prepare "$working_directory" "$outcome" >&2 &
  child=$!
  [ -z "$told" ] || stop terminated
  await_child
  child=
  unless_told
  [ "$code" = 0 ] || not_prepared
fi

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
exec "$@" <"$dir/prompt" 2>"$stderr" &
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
