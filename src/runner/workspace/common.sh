# Brings the agent's workspace before the agent, and says after it what is left in it, in POSIX sh (dash, busybox, bash):
#
#     /bin/sh RUN_DIRECTORY/workspace.sh prepare WORKING_DIRECTORY OUTCOME
#     /bin/sh RUN_DIRECTORY/workspace.sh keep WORKING_DIRECTORY OUTCOME SECONDS
#
# `prepare` clones the repository of repository.sh, or renews a clone that is there, then runs the file `setup`. Its lines go
# to stdout, each with `checkout: ` or `setup: ` before it. Where it fails it leaves why in the file OUTCOME, as JSON, and
# ends with 1. A clone is made aside and moved into its place: one that was not finished is made anew. Of a clone that is
# there, its branch, its commits and its files stay as they are.
#
# `keep` prints nothing. It leaves in OUTCOME, as JSON, what of the agent's work is in no other place, and pushes that to
# `rescue` where that names a branch. It takes SECONDS at most.
#
# Whatever the repository and the agent's own settings of git have, it happens here, in the pod, as the pod's user.

mode=$1 folder=$2 outcome=$3 step=checkout
dir=$(cd -- "${0%/*}" && pwd) || exit 125

# url, ref, branch, depth, submodules, lfs, sparse, managed, checkout_sec, setup_sec, volatile, rescue, author_name, author_email
. "$dir/repository.sh"

# bash would report each background job that a signal ends.
exec 2>/dev/null

told='' child=''
trap 'told=1; [ -z "$child" ] || end_child' TERM INT HUP QUIT

# Of this pod's alone, and new: a temporary folder may outlive a pod, and process numbers repeat.
state=${TMPDIR:-/tmp}/claude-k8s-checkout.${HOSTNAME-}.$$
rm -rf -- "$state"
(umask 077 && mkdir -p -- "$state") || exit 125
trap 'rm -rf -- "$state"' EXIT

# The agent's own, for its setup.
environment=$(export -p)
# Nothing asks anybody; a program that would ask fails.
export GIT_TERMINAL_PROMPT=0 GIT_ASKPASS='' SSH_ASKPASS='' GCM_INTERACTIVE=never LC_ALL=C
export GIT_SSH_COMMAND="${GIT_SSH_COMMAND:-ssh -o BatchMode=yes -o ConnectTimeout=30 -o StrictHostKeyChecking=accept-new}"
# Also for submodules: no file of the pod, and no program that an address names.
export GIT_ALLOW_PROTOCOL=http:https:ssh:git
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_NAMESPACE

# Paperclip's own git comes first for what needs a login: it asks Paperclip for one at each call.
remote_path=${managed:+"$dir/bin:"}$PATH

say() { printf '%s: %s\n' "$step" "$1"; }

# plain LENGTH: one line of ASCII that JSON need not escape, without logins of addresses.
plain() { tr '\n\r\t' '   ' | tr -cd '\40-\176' | tr -d '"\\' | cut -c "1-$1" | sed 's#://[^/@ ]*@#://#g; s/^ *//; s/ *$//'; }

# failed CAUSE WORDS
failed() {
  words=$(printf '%s' "$2" | plain 600)
  say "$words"
  printf '{"step":"%s","cause":"%s","words":"%s"}' "$step" "$1" "$words" >"$outcome"
  exit 1
}

# A child that still has the traps of this shell loses the signal (start.sh); so it looks whether it was told, once it is itself.
end_child() {
  { true >"$state/told"; } 2>/dev/null
  kill -TERM "$child"
}
unless_marked() { [ ! -e "$state/told" ] || exit 143; }

unless_told() { [ -z "$told" ] || exit 143; }

# limit SECONDS: of all that follows.
limit() {
  seconds=$1
  deadline=$(($(date +%s) + $1))
}

# Beside process $1: tells now and then how far it is, less often the longer it takes, and ends it when the time is up.
watch() {
  ticks=0 next=3 pause=3 last=''
  while sleep 1 </dev/null >/dev/null 2>&1 && kill -0 "$1"; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
      : >"$state/late"
      kill -TERM "$1"
      [ "$mode" = keep ] || sleep 5 </dev/null >/dev/null 2>&1
      kill -KILL "$1"
      return
    fi
    ticks=$((ticks + 1))
    [ "$ticks" = "$next" ] || continue
    [ "$pause" -ge 60 ] || pause=$((pause * 2))
    next=$((ticks + pause))
    [ "$step $mode" = 'checkout prepare' ] || continue
    now=$(tail -c 400 "$state/err" | tr '\r' '\n' | tail -n 1 | plain 200)
    [ -z "$now" ] || [ "$now" = "$last" ] || say "$now"
    last=$now
  done
}

# Waits for $child; its exit code is in $code. A trapped signal ends `wait` early.
await_child() {
  [ -z "$told" ] || end_child
  watch "$child" &
  watcher=$!
  wait "$child"
  code=$?
  while [ -n "$told" ] && kill -0 "$child"; do
    wait "$child"
    code=$?
  done
  child=''
  kill -KILL "$watcher"
  wait "$watcher"
}

# supervised COMMAND...: its output in $state/out, what it says in $state/err; fails as it fails.
supervised() {
  unless_told
  { unless_marked && "$@"; } </dev/null >"$state/out" 2>"$state/err" &
  child=$!
  await_child
  unless_told
  [ ! -e "$state/late" ] || too_late
  return "$code"
}

too_late() {
  [ "$mode" = prepare ] || exit 0
  failed timeout "not done after $seconds s: $(said)"
}
