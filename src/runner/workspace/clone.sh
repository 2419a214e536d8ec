# A clone where there is none.

listed() { cut -f 2 "$state/refs" | grep -Fqx -- "$1"; }

# What is to be checked out: $at, and what of it is to be fetched; $work is the branch, empty for none; $tracks where it is
# the repository's own.
find_start() {
  must ls-remote --symref origin HEAD ${branch:+"refs/heads/$branch"} ${ref:+"refs/heads/$ref" "refs/heads/${ref#origin/}" "refs/tags/$ref"}
  cp -- "$state/out" "$state/refs"
  default=$(sed -n 's#^ref: refs/heads/\(.*\)	HEAD$#\1#p' "$state/refs" | head -n 1)
  if ! listed HEAD; then
    must ls-remote --heads origin
    [ -s "$state/out" ] || failed repository-empty "$url has no commit"
  fi
  work=$branch tracks='' start=''
  if [ -n "$branch" ] && listed "refs/heads/$branch"; then
    start=refs/heads/$branch tracks=1
  elif [ -n "$ref" ]; then
    for name in "$ref" "${ref#origin/}"; do
      [ -z "$start" ] && listed "refs/heads/$name" || continue
      start=refs/heads/$name
      [ -n "$work" ] || work=$name tracks=1
    done
    [ -n "$start" ] || ! listed "refs/tags/$ref" || start=refs/tags/$ref
    [ -n "$start" ] || case $ref in
    *[!0-9a-f]* | ?????? | ????? | ???? | ??? | ?? | ?) failed ref-missing "$url has no branch and no tag $ref" ;;
    *) start=$ref ;;
    esac
  elif [ -n "$default" ] && listed HEAD; then
    start=refs/heads/$default
    [ -n "$work" ] || work=$default tracks=1
  else
    failed ref-missing "$url has no default branch, and the project names none (repoRef)"
  fi
  case $start in
  refs/heads/*) at=refs/remotes/origin/${start#refs/heads/} fetched=+$start:$at ;;
  refs/tags/*) at=$start fetched=+$start:$start ;;
  *) at=$start fetched=$start ;;
  esac
}

fetch_start() {
  set -- fetch --progress
  [ -z "$sparse" ] || set -- "$@" --filter=blob:none
  if [ "$depth" != 0 ]; then
    remote "$@" --depth "$depth" origin "$fetched" || missing_commit
  else
    must "$@" origin
    case $start in
    refs/heads/*) return ;;
    refs/tags/*) must "$@" origin "$fetched" ;;
    *) ask rev-parse -q --verify "$at^{commit}" || remote "$@" origin "$fetched" || missing_commit ;;
    esac
  fi
}
missing_commit() {
  case $start$cause in
  refs/* | *login-required | *unreachable | *disk-full) failed "$cause" "$words" ;;
  *) failed ref-missing "$url has no commit $ref: $words" ;;
  esac
}

checkout_start() {
  if [ -n "$sparse" ]; then
    printf '%s\n' "$sparse" >"$state/sparse"
    sparse_to() { run_git sparse-checkout set --cone --stdin <"$state/sparse"; }
    supervised sparse_to || failed failed "the folders of gitSparse: $(said)"
  fi
  # Beside what git is told, for as long as nothing is told to the clone itself: a repository without large files gets no hooks.
  if [ "$lfs" = 0 ]; then
    export GIT_LFS_SKIP_SMUDGE=1
    set --
  elif git lfs version >/dev/null; then
    set -- -c filter.lfs.process='git-lfs filter-process' -c filter.lfs.smudge='git-lfs smudge -- %f' -c filter.lfs.clean='git-lfs clean -- %f' -c filter.lfs.required=true
  else
    set --
  fi
  if [ -z "$work" ]; then
    must "$@" checkout --progress --detach "$at"
  elif [ -n "$tracks" ]; then
    must "$@" checkout --progress -B "$work" --track "$at"
  else
    must "$@" checkout --progress -B "$work" --no-track "$at"
  fi
  [ "$submodules" = 0 ] || {
    [ "$depth" = 0 ] && deep='' || deep=--depth=$depth
    must "$@" submodule update --init --recursive --progress ${deep:+"$deep"}
  }
  [ "$lfs" != 0 ] && uses_lfs || return 0
  if [ "$#" = 0 ]; then
    say 'the repository has files of Git LFS, and the image has no git-lfs: their pointers stand in their place'
  else
    supervised git -c safe.directory='*' -C "$tree" lfs install --local || failed failed "git lfs install: $(said)"
  fi
}

uses_lfs() {
  run_git ls-files -- .gitattributes '*/.gitattributes' | while IFS= read -r file; do
    cat -- "$tree/$file"
  done | grep -q 'filter=lfs'
}

# Of the clone alone; what the agent's own settings say goes before it.
settle() {
  run_git config push.default current
  run_git config push.autoSetupRemote true
  run_git config paperclip.url "$url"
  run_git config paperclip.start "$start"
  run_git config paperclip.branch "$branch"
  run_git config paperclip.base "$(run_git rev-parse HEAD)"
  [ -z "$default" ] || run_git symbolic-ref refs/remotes/origin/HEAD "refs/remotes/origin/$default"
  [ -n "$(run_git config user.name)" ] || run_git config user.name "$author_name"
  [ -n "$(run_git config user.email)" ] || run_git config user.email "$author_email"
}

# Entry by entry, `.git` last: one that was ended goes on where it was.
move_in() {
  taken=''
  set -- "$tree"/* "$tree"/.[!.]* "$tree"/..?*
  for entry; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    name=${entry##*/}
    [ ! -e "$folder/$name" ] && [ ! -L "$folder/$name" ] || taken="$taken $name"
  done
  if [ -n "$taken" ]; then
    rm -rf -- "$aside"
    failed occupied "$folder has files of no clone, and the repository has them too:$taken"
  fi
  for entry; do
    [ "$entry" != "$tree/.git" ] && { [ -e "$entry" ] || [ -L "$entry" ]; } || continue
    mv -- "$entry" "$folder/" || failed failed "the clone could not be moved into $folder"
  done
  mv -- "$tree/.git" "$folder/" || failed failed "the clone could not be moved into $folder"
  rm -rf -- "$aside"
}

fresh_clone() {
  if [ ! -e "$aside/whole" ]; then
    [ ! -e "$aside" ] || say 'a clone that was not finished is made anew'
    rm -rf -- "$aside"
    say "clones $url"
    supervised mkdir -p -- "$tree" || { classify && failed "$cause" "$folder cannot be made: $(plain 300 <"$state/err")"; }
    ask init -q --template= || failed failed "$(said)"
    run_git remote add origin "$url"
    find_start
    fetch_start
    checkout_start
    settle
    : >"$aside/whole"
  fi
  move_in
  tree=$folder
  say "$(run_git rev-parse --short HEAD) is checked out${work:+ on branch $work}${ref:+, of $ref}"
}
