# shellcheck shell=sh
# After etcd was made from a snapshot: what it says of nodes is from then. Those whose machines are gone are removed, and so
# are the other servers, which join anew; all others count as not heard of until they tell of themselves. A machine may
# have been made anew under its name, so that each node may come with a password of its own.
# OWN: the node of this server. KEEP: nodes that have a machine, with blanks between.
need OWN
need KEEP

bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
kube() {
  "$bin" kubectl --kubeconfig "$SLIPWAY_PREFIX/etc/rancher/k3s/k3s.yaml" --request-timeout 10s "$@" </dev/null
}

until nodes=$(kube get nodes --no-headers --output \
  'custom-columns=NAME:.metadata.name,SERVER:.metadata.labels.node-role\.kubernetes\.io/control-plane' 2>&1); do
  patience || fail API_NOT_READY "the API of this server does not answer: $(printf '%s\n' "$nodes" | tail -n 1)"
  sleep 0.5
done

gone=
heard=
secrets=
while read -r name server; do
  [ -n "$name" ] || continue
  kept=false
  case " $KEEP " in *" $name "*) kept=true ;; esac
  if [ "$name" = "$OWN" ] || { $kept && [ "$server" != true ]; }; then heard="$heard $name"; else gone="$gone $name"; fi
  # k3s itself forgets the one of its own node when it starts after this.
  [ "$name" = "$OWN" ] || secrets="$secrets $name.node-password.k3s"
done <<NODES
$nodes
NODES

# Names of nodes, a word each.
# shellcheck disable=SC2086
if [ -n "$secrets" ]; then
  said=$(kube delete secret --namespace kube-system --ignore-not-found $secrets 2>&1) ||
    fail API_NOT_READY "passwords of nodes could not be forgotten: $(printf '%s\n' "$said" | tail -n 1)"
fi
# shellcheck disable=SC2086
if [ -n "$gone" ]; then
  say "removing the nodes of then:$gone"
  said=$(kube delete node --ignore-not-found --wait=false $gone 2>&1) ||
    fail API_NOT_READY "nodes could not be removed: $(printf '%s\n' "$said" | tail -n 1)"
fi
for name in $heard; do
  said=$(kube patch node "$name" --subresource=status --type=strategic --patch \
    '{"status":{"conditions":[{"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown","message":"Not heard of since the cluster was restored."}]}}' 2>&1) ||
    fail API_NOT_READY "$name could not be marked: $(printf '%s\n' "$said" | tail -n 1)"
done
fact removed "${gone# }"
fact waiting "${heard# }"
