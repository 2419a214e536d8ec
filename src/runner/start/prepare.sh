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
  {
    unless_marked
    exec /bin/sh "$dir/workspace.sh" prepare "$working_directory" "$outcome" >&2
  } &
  child=$!
  [ -z "$told" ] || stop terminated
  await_child
  child=
  unless_told
  [ "$code" = 0 ] || not_prepared
fi
