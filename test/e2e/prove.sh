#!/bin/bash
# prove.sh [MINOR] - the trial as a program: a real k3s in the rig. One server with a pod,
# three servers, an agent with a pod, one server killed. Prints what it measured.
# Needs no slipway; says what a host and a configuration must have.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
minor=${1:-v1.35}
T0=$(date +%s%N)
say() { local t=$(( ($(date +%s%N) - T0) / 100000000 )); printf '[%5s s] %s\n' "$((t / 10)).$((t % 10))" "$*"; }
built=$("$here/k3s/build.sh" "$minor"); say "k3s: $built"
# shellcheck source=by-hand.sh
. "$here/by-hand.sh"
bin=$(printf '%s' "$built" | json_value path)
images=$("$here/images/build.sh")
work=$(mktemp -d); export RIG_STATE=$work/rig
trap 'rc=$?; rig down || true; rm -rf --one-file-system "$work"; exit $rc' EXIT
trap 'exit 130' INT TERM
rig up --owner $$ >/dev/null
T0=$(date +%s%N)
pids=
for h in "s1 11" "s2 12" "s3 13" "a1 14"; do rig create $h >/dev/null & pids="$pids $!"; done
for p in $pids; do wait "$p"; done
say "4 hosts answer ssh"

K=s1
kube() { rig ssh $K k3s kubectl "$@" </dev/null; }
ready() { kube get node "$1" | grep -q " Ready "; }
server+=(${PROVE_SERVER_EXTRA:+"$PROVE_SERVER_EXTRA"})
node s1 server "${server[@]}" 'cluster-init: true'
say "s1: started"
until_ok 180 "s1 Ready" ready s1; say "s1: Ready ($(kube get node s1 --no-headers | awk '{print $5}'))"
kube create deployment web --image=slipway.test/web:1 >/dev/null
until_ok 120 "a pod Running on s1" kube wait --for=condition=Available deployment/web --timeout=1s; say "s1: a pod runs"
for h in s2 s3; do
  node $h server "${server[@]}" 'server: https://10.231.7.11:6443'
  until_ok 240 "$h Ready" ready $h; say "$h: joined and Ready"
done
node a1 agent "${common[@]}" 'server: https://10.231.7.11:6443'
until_ok 180 "a1 Ready" ready a1; say "a1: joined and Ready"
kube run onagent --image=slipway.test/web:1 --overrides='{\"spec\":{\"nodeName\":\"a1\"}}' >/dev/null
until_ok 90 "a pod on a1" kube wait --for=condition=Ready pod/onagent --timeout=1s; say "a1: a pod runs"
ip=$(kube get pod onagent -o 'jsonpath={.status.podIP}')
until_ok 30 "s2 reaches the pod on a1" rig ssh s2 curl -sf -m2 "http://$ip:8080/"; say "s2 reaches that pod ($ip) over flannel"
kube logs onagent | grep -q listening && say "kubectl logs works; exec: $(kube exec onagent -- /web hello)"
kube expose deployment web --port=80 --target-port=8080 >/dev/null
svc=$(kube get service web -o 'jsonpath={.spec.clusterIP}')
until_ok 30 "a1 reaches the service" rig ssh a1 curl -sf -m2 "http://$svc/"; say "a1 reaches a service ($svc) through kube-proxy"
until_ok 120 "three voters" sh -c "[ \$($here/rig/rig.sh ssh s1 k3s kubectl get nodes -o yaml </dev/null | grep -c 'type: EtcdIsVoter') = 3 ]"
say "memory MiB (rss of k3s + containerd): $(for h in s1 s2 s3 a1; do printf '%s=%s ' $h "$(rig ssh $h 'ps -C k3s-server,k3s-agent,containerd -o rss= | awk "{s+=\$1}END{print int(s/1024)}"' </dev/null)"; done)"

rig kill s1; say "s1: killed"
K=s2
until_ok 60 "the API answers without s1" kube get --raw=/readyz; say "s2: API answers (/readyz ok)"
until_ok 60 "a write goes through" kube create configmap after-kill --from-literal=a=b; say "etcd has quorum: a write went through"
until_ok 120 "s1 NotReady" sh -c "$here/rig/rig.sh ssh s2 k3s kubectl get node s1 </dev/null | grep -q NotReady"; say "s1 is NotReady"
until_ok 60 "a1 still works" kube exec onagent -- /web still; say "a1 goes on through the others"
rig start s1 >/dev/null; until_ok 180 "s1 back" ready s1; say "s1: power on again, Ready"
rig reboot a1; until_ok 120 "a1 after its reboot" kube wait --for=condition=Ready pod/onagent --timeout=1s; say "a1: rebooted, its pod runs again"
kube get nodes --no-headers
say OK
