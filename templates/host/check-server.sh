# shellcheck shell=sh
# Waits until this server's own API says that it is ready, and tells what its etcd runs. Changes nothing.
# WAIT_SECONDS: until giving up. ADDRESS: one that servers take turns at; empty: none. REQUESTS: true: also which deprecated
# APIs it was asked for since it started.
need WAIT_SECONDS

bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
tls=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server/tls/etcd
until=$(($(uptime_seconds) + WAIT_SECONDS))

# get PATH: from this very server, where its kubeconfig leads.
get() {
  "$bin" kubectl --kubeconfig "$SLIPWAY_PREFIX/etc/rancher/k3s/k3s.yaml" --request-timeout 5s get --raw "$1" 2>&1 </dev/null
}

until said=$(get /readyz); do
  if [ "$(uptime_seconds)" -ge "$until" ] || ! patience; then
    fail API_NOT_READY "the API of this server is not ready after $WAIT_SECONDS s: $(printf '%s\n' "$said" | tail -n 1)"
  fi
  sleep 0.5
done

# `flowschemas.v1beta3.flowcontrol.apiserver.k8s.io=1.32`: what, and the minor that does not serve it any more.
requested=
if [ "${REQUESTS:-}" = true ]; then
  said=$(get /metrics) || fail METRICS_SILENT "this server does not tell what it was asked for: $(printf '%s\n' "$said" | tail -n 1)"
  requested=$(printf '%s\n' "$said" | awk '
    function label(name) {
      return match($0, "[{,]" name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
    }
    /^apiserver_requested_deprecated_apis\{/ && label("removed_release") != "" {
      print label("resource") "." label("version") (label("group") == "" ? "" : "." label("group")) "=" label("removed_release")
    }' | sort -u)
fi

command -v curl >/dev/null || fail CURL_MISSING 'this machine has no curl to ask its etcd with; install it'
# k3s has etcd speak HTTP on a port of its own; older ones on that of its clients.
for port in 2382 2379; do
  said=$(curl -sS --max-time 5 --cacert "$tls/server-ca.crt" --cert "$tls/client.crt" --key "$tls/client.key" \
    "https://127.0.0.1:$port/version" 2>&1 </dev/null) || continue
  cluster=$(printf '%s' "$said" | sed -n 's/.*"etcdcluster" *: *"\([0-9.]*\)".*/\1/p')
  server=$(printf '%s' "$said" | sed -n 's/.*"etcdserver" *: *"\([0-9.]*\)".*/\1/p')
  if [ -n "$cluster" ] && [ -n "$server" ]; then
    fact etcd_server "$server"
    fact etcd_cluster "$cluster"
    holds=false
    if [ -n "${ADDRESS:-}" ] && [ -n "$(interface_with "$ADDRESS")" ]; then holds=true; fi
    fact holds "$holds"
    fact requested "$requested"
    exit 0
  fi
done
fail ETCD_SILENT "etcd of this server does not tell its version: $(printf '%s\n' "$said" | tail -n 1)"
