# What the environment test starts in place of the agent, in POSIX sh, with nothing but `rm` from the image:
#
#     /bin/sh RUN_DIRECTORY/probe.sh PROGRAM [ARGUMENT ...]
#
# Prints one line of JSON on what the image and the cluster give to an agent (environment-facts.ts), then becomes the
# program: its prompt, output and exit code are its own.

# text VALUE: as a JSON string, at most 300 characters, a space for what JSON or a terminal would take for something else.
text() {
  rest=$1 left=300
  printf '"'
  while [ -n "$rest" ] && [ "$left" -gt 0 ]; do
    char=${rest%"${rest#?}"} rest=${rest#?} left=$((left - 1))
    case $char in
    [!a-zA-Z0-9\ .,:\;/@_+=~\(\)\[\]\'-]) printf ' ' ;;
    *) printf '%s' "$char" ;;
    esac
  done
  printf '"'
}

# field NAME VALUE: null for an empty value.
field() {
  printf ',"%s":' "$1"
  if [ -n "$2" ]; then text "$2"; else printf null; fi
}

# First of the folders on the way up from $1 that exists.
existing() {
  folder=$1
  while [ -n "$folder" ] && [ ! -e "$folder" ]; do folder=${folder%/*}; done
  printf '%s' "${folder:-/}"
}

LC_ALL=C
trial=$HOME/.claude-k8s-probe.$$
# A shell that cannot open a file for `:` ends: so another one tries. What it says begins with its own name and line.
if home_problem=$( (: >"$trial") 2>&1); then
  rm -f -- "$trial"
  home_problem=
else
  home_problem=${home_problem##*: }
  home_problem=${home_problem:-no reason given}
fi

at=$(existing "${CLAUDE_K8S_PROBE_FOLDER:-$HOME/workspaces}")
folder_problem=
[ -d "$at" ] && [ -w "$at" ] || folder_problem=$at

# Any answer will do: that of the health check tells Paperclip from another server.
api_program= api_status= api_problem=
url=${PAPERCLIP_API_URL%/}
if [ -n "$url" ]; then
  url=$url/api/health
  if command -v curl >/dev/null; then
    api_program=curl
    if api_status=$(curl -sS --max-time 8 -o /dev/null -w '%{http_code}' "$url" 2>&1 </dev/null); then :; else
      api_problem=${api_status%000} api_status=
    fi
  elif command -v node >/dev/null; then
    api_program=node
    api_status=$(node -e '
      fetch(process.argv[1], { signal: AbortSignal.timeout(8000) }).then(
        (answer) => console.log(answer.status),
        (error) => console.log(String(error.cause?.message || error.cause?.code || error.message)),
      );' "$url" 2>/dev/null </dev/null)
    case $api_status in
    [1-9][0-9][0-9]) ;;
    *) api_problem=${api_status:-no answer} api_status= ;;
    esac
  elif command -v wget >/dev/null; then
    api_program=wget
    if api_problem=$(wget -T 8 -O /dev/null "$url" 2>&1 </dev/null); then
      api_status=200 api_problem=
    fi
  fi
fi

# Only of a plain program: what else stands before the arguments may take --version for something to do.
version=
program=$(command -v -- "$1") || program=
if [ -n "$program" ] && [ "$2" = --print ]; then
  version=$("$1" --version 2>&1 </dev/null) || version=
  case $("$1" --help 2>/dev/null </dev/null) in
  *--no-session-persistence*) set -- "$@" --no-session-persistence ;;
  esac
fi

line=$(
  printf '{"type":"environment"'
  field program "$program"
  field version "$version"
  field bash "$(command -v bash || command -v zsh)"
  field node "$(node --version 2>/dev/null </dev/null)"
  field git "$(command -v git)"
  field home "$HOME"
  field homeProblem "$home_problem"
  field folderProblem "$folder_problem"
  field apiProgram "$api_program"
  field apiStatus "$api_status"
  field apiProblem "$api_problem"
  printf '}'
)
printf '%s\n' "$line"
unset LC_ALL CLAUDE_K8S_PROBE_FOLDER
exec "$@"
