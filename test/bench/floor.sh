#!/bin/bash
# floor.sh K3S SERVERS AGENTS - the least that makes a cluster: copies k3s to all hosts at once, starts it, and waits.
# What `npm run bench:hosts` holds Slipway against. No checks, no pins, no second try.
# SERVERS, AGENTS: addresses with blanks between. FLOOR_SSH: the ssh command. FLOOR_KUBELET_ARGS: of every node.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
units=$here/../../templates/k3s
k3s=$1
read -ra servers <<<"$2"
read -ra agents <<<"$3"
read -ra ssh <<<"$FLOOR_SSH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
token=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')

# config ROLE ADDRESS: what Slipway writes too, as far as it matters to how long a start takes.
config() {
  printf 'token: %s\nnode-name: node-%s\nnode-ip: %s\nprefer-bundled-bin: true\n' "$token" "${2//./-}" "$2"
  [ -z "${FLOOR_KUBELET_ARGS:-}" ] || printf 'kubelet-arg: ["%s"]\n' "$FLOOR_KUBELET_ARGS"
  if [ "$2" = "${servers[0]}" ]; then echo 'cluster-init: true'; else echo "server: https://${servers[0]}:6443"; fi
  [ "$1" = agent ] || printf 'secrets-encryption: true\ndisable: [traefik, coredns, metrics-server]\n'
}

# put ROLE ADDRESS: program, configuration and unit, by one connection.
put() {
  local folder=$work/$2 unit=k3s
  [ "$1" = server ] || unit='k3s-agent'
  mkdir -p "$folder"/usr/local/bin "$folder"/etc/{rancher/k3s,systemd/system}
  config "$1" "$2" >"$folder/etc/rancher/k3s/config.yaml"
  cp "$units/$unit.service" "$folder/etc/systemd/system/"
  ln -s "$k3s" "$folder/usr/local/bin/k3s"
  tar -C "$folder" --owner=0 --group=0 -ch usr/local/bin/k3s etc/rancher/k3s/config.yaml "etc/systemd/system/$unit.service" |
    "${ssh[@]}" "root@$2" "tar -xC / && chmod 755 /usr/local/bin/k3s && systemctl daemon-reload && systemctl enable -q $unit"
}

declare -A copied
for address in "${servers[@]}"; do put server "$address" & copied[$address]=$!; done
for address in "${agents[@]}"; do put agent "$address" & copied[$address]=$!; done
# start UNIT ADDRESS: returns when the unit says that it is ready.
start() {
  wait "${copied[$2]}"
  "${ssh[@]}" "root@$2" systemctl start "$1"
}
# Etcd takes one server at a time. Agents are started when the first one is ready: before that they ask in vain, and then not
# again for 5 to 10 s.
start k3s "${servers[0]}"
for address in "${agents[@]}"; do wait "${copied[$address]}"; "${ssh[@]}" "root@$address" systemctl start --no-block k3s-agent & done
for address in "${servers[@]:1}"; do start k3s "$address"; done
count=$((${#servers[@]} + ${#agents[@]}))
"${ssh[@]}" "root@${servers[0]}" "until [ \$(k3s kubectl get nodes --no-headers 2>/dev/null | awk '\$2 == \"Ready\"' | wc -l) = $count ]; do sleep 0.5; done"
