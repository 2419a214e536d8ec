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
