# The clone of an earlier run.

# What is there stays: no branch is moved but forwards, and only where nothing of the agent's is in the way.
renew() {
  rm -rf -- "$aside"
  tree=$folder
  if ! ask rev-parse --git-dir; then
    say "the clone that is there is left as it is, git cannot read it: $(said)"
    return
  fi
  here=$(run_git symbolic-ref -q --short HEAD)
  say "a clone is there${here:+, on branch $here}; it is fetched"
  before=$(run_git config paperclip.url)
  if [ "$before" != "$url" ] && [ "$(run_git config remote.origin.url)" = "$before" ]; then
    say "the project's repository was $before and is now $url: origin is changed"
    run_git config remote.origin.url "$url"
    run_git config paperclip.url "$url"
  fi
  if ! fetch_again; then
    say "it could not be fetched ($cause), the agent works with what is there: $words"
    return
  fi
  if [ -n "$branch" ] && [ "$branch" != "$here" ] && [ "$branch" != "$(run_git config paperclip.branch)" ]; then
    switch
  elif [ -n "$here" ] && unchanged && [ "$(run_git rev-list --count '@{u}..HEAD')" = 0 ]; then
    ! ask merge -q --ff-only '@{u}' || say "on branch $here, as origin has it ($(run_git rev-parse --short HEAD))"
  fi
}

unchanged() { ask status --porcelain --untracked-files=no && [ ! -s "$state/out" ]; }

fetch_again() {
  if [ "$(run_git rev-parse --is-shallow-repository)" != true ]; then
    remote fetch --progress origin
    return
  fi
  from=$(run_git config paperclip.start)
  case $from in refs/heads/*) from=+$from:refs/remotes/origin/${from#refs/heads/} ;; esac
  remote fetch --progress origin ${from:+"$from"} || return
  [ -z "$branch" ] || remote fetch --progress origin "+refs/heads/$branch:refs/remotes/origin/$branch" || :
}

switch() {
  if ! unchanged; then
    say "the task's branch is $branch, and the clone stays on ${here:-no branch}: it has changes that are not committed"
    return
  fi
  if ask rev-parse -q --verify "refs/heads/$branch"; then
    set -- checkout "$branch"
  elif ask rev-parse -q --verify "refs/remotes/origin/$branch"; then
    set -- checkout -b "$branch" --track "origin/$branch"
  else
    from=HEAD
    for name in "refs/remotes/origin/${ref#origin/}" "refs/tags/$ref" "$ref" refs/remotes/origin/HEAD; do
      [ -n "$ref" ] || name=refs/remotes/origin/HEAD
      ask rev-parse -q --verify "$name^{commit}" || continue
      from=$name
      break
    done
    set -- checkout -b "$branch" --no-track "$from"
  fi
  if ask "$@"; then
    run_git config paperclip.branch "$branch"
    say "on branch $branch ($(run_git rev-parse --short HEAD))"
  else
    say "the clone stays on ${here:-no branch}, branch $branch could not be checked out: $(said)"
  fi
}
