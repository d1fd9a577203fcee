# shellcheck shell=sh
# After etcd was made from a snapshot: what it says of nodes is from then. Those whose machines are gone are removed, and so
# are the other servers, which join anew; all others count as not heard of until they tell of themselves. A machine may
# have been made anew under its name, so that each node may come with a password of its own; a node that has the provider's
# id of the machine before is removed, as that id stays for ever and the cloud controller takes it for a lost machine's.
# OWN: the node of this server. KEEP: nodes that have a machine, with blanks between: NAME, or NAME=ID of the provider.
# Fact anew: k3s has to be started again, as a kubelet makes its node only when it starts.
need OWN
need KEEP

bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
kube() {
  "$bin" kubectl --kubeconfig "$SLIPWAY_PREFIX/etc/rancher/k3s/k3s.yaml" --request-timeout 10s "$@" </dev/null
}
own_is_there() { printf '%s\n' "$nodes" | grep -q "^$OWN "; }

# A kubelet makes its node soon after the API answers, if it still does.
looks=0
while :; do
  if nodes=$(kube get nodes --no-headers --output \
    'custom-columns=NAME:.metadata.name,SERVER:.metadata.labels.node-role\.kubernetes\.io/control-plane,ID:.spec.providerID' 2>&1); then
    if own_is_there || [ "$looks" -ge 20 ]; then break; fi
    looks=$((looks + 1))
  fi
  patience || fail API_NOT_READY "the API of this server does not answer: $(printf '%s\n' "$nodes" | tail -n 1)"
  sleep 0.5
done

# kept NAME ID
kept() {
  for word in $KEEP; do
    case $word in
      "$1" | "$1=$2") return 0 ;;
      "$1="*) [ "$2" != '<none>' ] || return 0 ;;
    esac
  done
  return 1
}

anew=false
own_is_there || anew=true
gone=
heard=
secrets=
while read -r name server id; do
  [ -n "$name" ] || continue
  if kept "$name" "$id" && { [ "$name" = "$OWN" ] || [ "$server" != true ]; }; then
    heard="$heard $name"
  else
    gone="$gone $name"
    [ "$name" != "$OWN" ] || anew=true
  fi
  # k3s itself forgets the one of its own node when it starts after this.
  [ "$name" = "$OWN" ] || secrets="$secrets $name.node-password.k3s"
done <<NODES
$nodes
NODES
# again WHAT COMMAND...: k3s ends by itself, and systemd starts it again, where it saw its own node as it was then, with an
# address that this machine does not have. What is no longer there needs nothing.
again() {
  what=$1
  shift
  until said=$(kube "$@" 2>&1); do
    case $said in *'(NotFound)'*) return 0 ;; esac
    patience || fail API_NOT_READY "$what: $(printf '%s\n' "$said" | tail -n 1)"
    sleep 0.5
  done
}

# First, so that a run that is stopped behind this starts it all the same.
! $anew || rm -f "$SLIPWAY_PREFIX/var/lib/slipway/k3s.started"

# Names of nodes, a word each.
# shellcheck disable=SC2086
if [ -n "$secrets" ]; then
  again 'passwords of nodes could not be forgotten' delete secret --namespace kube-system --ignore-not-found $secrets
fi
# shellcheck disable=SC2086
if [ -n "$gone" ]; then
  say "removing the nodes of then:$gone"
  again 'nodes could not be removed' delete node --ignore-not-found --wait=false $gone
  # k3s' controllers take servers out of etcd before they let go of their nodes, but etcd has one member since it was made from
  # the snapshot; and k3s that ends again and again, its own node having an address of then, never comes to it.
  for name in $gone; do
    again "$name could not be let go of" patch node "$name" --type=merge --patch '{"metadata":{"finalizers":null}}'
  done
fi
for name in $heard; do
  again "$name could not be marked" patch node "$name" --subresource=status --type=strategic --patch \
    '{"status":{"conditions":[{"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown","message":"Not heard of since the cluster was restored."}]}}'
done
fact removed "${gone# }"
fact waiting "${heard# }"
fact anew "$anew"
