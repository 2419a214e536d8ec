# Waits for $child; its exit code is in $code. A trapped signal ends `wait` with 128 + n although the child lives, in
# bash even the next one, when it came twice. So it is asked until the child is gone, and twice more; 127 means that the
# answer before was the child's own.
await_child() {
  wait "$child"
  code=$?
  left=3
  while [ -n "$told" ] && [ "$left" != 0 ]; do
    wait "$child" 2>/dev/null
    again=$?
    [ "$again" != 127 ] || break
    code=$again
    kill -0 "$child" 2>/dev/null || left=$((left - 1))
  done
}
