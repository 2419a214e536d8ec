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
