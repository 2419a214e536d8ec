# git, and why it failed.

# Its own hooks and watchers do not serve the runner, and a volume that maps all users to one is no stranger's.
run_git() {
  git -c safe.directory='*' -c core.hooksPath=/dev/null -c core.fsmonitor=false -c gc.auto=0 -c maintenance.auto=false \
    -c advice.detachedHead=false -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=60 -C "$tree" "$@"
}
ask() { supervised run_git "$@"; }

# What git said last, without its progress.
said() {
  tr '\r' '\n' <"$state/err" | grep -v '[0-9]%' >"$state/words"
  { grep -Ei 'fatal|error|remote:|denied|could not|cannot|Paperclip' "$state/words" || tail -n 2 "$state/words"; } | tail -n 4 | plain 500
}

# Why git failed: $cause, and its own $words.
classify() {
  words=$(said)
  case $(tr '\r' '\n' <"$state/err" | tail -n 60) in
  *'No space left'* | *'Disk quota exceeded'* | *'File too large'*) cause=disk-full ;;
  *[Cc]'ertificate'* | *'SSL_ERROR'* | *'server verification failed'*) cause=untrusted ;;
  *'could not read Username'* | *'could not read Password'* | *'Authentication failed'* | *'terminal prompts disabled'* | \
    *'error: 401'* | *'error: 403'* | *'Invalid username or'* | *'Access denied'* | *'Authentication required'* | \
    *'Permission denied (publickey'* | *'Host key verification failed'*) cause=login-required ;;
  *[Rr]'epository'*' not found'* | *[Rr]'epository'*'does not exist'* | *'does not appear to be a git repository'* | \
    *'error: 404'* | *'not valid: is this a git repository'* | *'could not be found'*) cause=repository-missing ;;
  *'Could not resolve'* | *'Failed to connect'* | *"Couldn't connect"* | *'Connection refused'* | *'Connection reset'* | \
    *'onnection timed out'* | *'Operation timed out'* | *'onnection was'* | *'early EOF'* | *'RPC failed'* | *'error: 5'* | *'error: 429'* | \
    *'disconnect'* | *'Operation too slow'* | *'hung up unexpectedly'* | *'Empty reply'* | *'HTTP/2 stream'* | *'Recv failure'* | \
    *'expected flush'* | *'unexpected EOF'* | *'transfer closed'* | *'Network is unreachable'* | *'No route to host'*) cause=unreachable ;;
  *) cause=failed ;;
  esac
}

# remote WORDS...: for what talks to the repository; again while that is not reached. Fails with $cause and $words.
remote() {
  for pause in 1 3 9 ''; do
    ! PATH=$remote_path ask "$@" || return 0
    classify
    [ "$cause" = unreachable ] && [ -n "$pause" ] || return 1
    say "the repository is not reached, next try in $pause s: $words"
    supervised sleep "$pause"
  done
  return 1
}
must() { remote "$@" || failed "$cause" "$words"; }
