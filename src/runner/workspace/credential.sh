# git's credential helper for one host, in POSIX sh: reads the files of a Secret at each call, which the kubelet keeps as
# they are in the cluster.
#
#     /bin/sh RUN_DIRECTORY/credential.sh FOLDER get
[ "$2" = get ] || exit 0
for name in username password; do
  # A file made by hand ends with a newline, which is none of the value.
  [ ! -r "$1/$name" ] || printf '%s=%s\n' "$name" "$(cat "$1/$name")"
done
