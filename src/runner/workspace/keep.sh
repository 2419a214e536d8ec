# After the agent.

# left FACTS: into OUTCOME.
left() { printf '{"branch":"%s","volatile":%s%s}' "$here" "$volatile" "$1" >"$outcome"; }
unknown() {
  left ",\"unknown\":\"$1\""
  exit 0
}

# What of the agent's work is nowhere but here.
keep() {
  tree=$folder here=''
  [ -e "$folder/.git" ] || unknown 'there is no clone any more'
  left ',"unknown":"not found out in time"'
  here=$(run_git symbolic-ref -q --short HEAD | plain 200)
  commit=$(run_git rev-parse -q --verify 'HEAD^{commit}' | plain 64)
  [ -n "$commit" ] || unknown 'there is no commit'
  ask status --porcelain --untracked-files=all || unknown "$(said)"
  files=$(wc -l <"$state/out" | tr -d ' ')
  set -- HEAD --branches
  ! ask rev-parse -q --verify refs/stash || set -- "$@" refs/stash
  base=$(run_git config paperclip.base)
  ask rev-list "$@" --not --remotes --tags ${base:+"$base"} || unknown "$(said)"
  commits=$(wc -l <"$state/out" | tr -d ' ')
  facts=",\"commit\":\"$commit\",\"uncommitted\":$files,\"unpushed\":$commits"
  left "$facts"
  [ -n "$rescue" ] && [ "$volatile" = true ] && [ "$files $commits" != '0 0' ] || return
  left "$facts,\"notSaved\":\"not done in time\""
  if save; then left "$facts,\"savedAs\":\"$rescue\""; else left "$facts,\"notSaved\":\"$(said)\""; fi
}

# Neither the index nor a branch of the agent's is touched.
save() {
  saved=$commit
  if [ "$files" != 0 ]; then
    cp -- "$(run_git rev-parse --absolute-git-dir)/index" "$state/index"
    export GIT_INDEX_FILE="$state/index"
    ask add -A || return
    ask write-tree || return
    unset GIT_INDEX_FILE
    contents=$(cat "$state/out")
    ask commit-tree "$contents" -p "$commit" -m 'What the agent had not committed when its run ended' || return
    saved=$(cat "$state/out")
  fi
  set -- "$saved:refs/heads/$rescue"
  for each in $(run_git for-each-ref --format='%(refname)' --count=20 refs/heads refs/stash); do
    [ "$each" != "refs/heads/$here" ] && [ "$(run_git rev-list --count "$each" --not --remotes --tags HEAD)" != 0 ] || continue
    set -- "$@" "$each:refs/heads/$rescue-$(printf '%s' "${each##refs/heads/}" | tr -c 'A-Za-z0-9_.-' -)"
  done
  ! uses_lfs || remote lfs push origin "$saved"
  remote push --quiet --no-verify origin "$@"
}
