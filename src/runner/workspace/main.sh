checkout() {
  limit "$checkout_sec"
  aside=$folder/.claude-k8s-checkout tree=$aside/tree
  git --version >/dev/null || failed git-missing "git is not in the image, and $url is to be cloned"
  if [ -e "$folder/.git" ]; then renew; else fresh_clone; fi
}

case $mode in
prepare)
  [ -z "$url" ] || checkout
  [ ! -r "$dir/setup" ] || setup
  unless_told
  ;;
keep)
  # A stop has been told to the agent: it is no news here.
  trap '' TERM INT HUP QUIT
  limit "$4"
  [ -z "$url" ] || keep
  ;;
esac
