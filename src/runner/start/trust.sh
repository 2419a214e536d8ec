# Authorities that the agent is to trust beside the public ones: a file or a folder of PEM files. git, curl and Python take one
# file in place of the system's, so both go into one. What the agent's own environment says stays. Node's own public ones
# where the image has none.
trust() {
  for public in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem ''; do
    [ ! -r "$public" ] || break
  done
  {
    if [ -n "$public" ]; then cat "$public"; else
      NODE_OPTIONS='' node -p 'require("node:tls").rootCertificates.join("\n")' 2>/dev/null
    fi
    for file in "$CLAUDE_K8S_AUTHORITIES" "$CLAUDE_K8S_AUTHORITIES"/*; do
      [ ! -f "$file" ] || { echo && cat "$file"; }
    done
  } >"$CLAUDE_K8S_TRUSTED" || echo 'runner: the certificate authorities could not be written' >&2
  export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$CLAUDE_K8S_TRUSTED}" SSL_CERT_FILE="${SSL_CERT_FILE:-$CLAUDE_K8S_TRUSTED}" \
    GIT_SSL_CAINFO="${GIT_SSL_CAINFO:-$CLAUDE_K8S_TRUSTED}" CURL_CA_BUNDLE="${CURL_CA_BUNDLE:-$CLAUDE_K8S_TRUSTED}" \
    REQUESTS_CA_BUNDLE="${REQUESTS_CA_BUNDLE:-$CLAUDE_K8S_TRUSTED}"
}
[ -z "${CLAUDE_K8S_AUTHORITIES-}" ] || trust
unset CLAUDE_K8S_AUTHORITIES CLAUDE_K8S_TRUSTED
