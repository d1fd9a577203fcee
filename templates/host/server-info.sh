# shellcheck shell=sh
# Reads the tokens that others join with and the kubeconfig. All three answers are secret.
k3s=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server
kubeconfig=$SLIPWAY_PREFIX/etc/rancher/k3s/k3s.yaml

for file in "$k3s/token" "$k3s/agent-token" "$kubeconfig"; do
  while [ ! -s "$file" ]; do
    patience || fail NOT_A_SERVER "$file is missing: k3s does not run as a server here, or has not come that far"
    sleep 0.5
  done
done
fact server_token "$(cat "$k3s/token")"
fact agent_token "$(cat "$k3s/agent-token")"
fact kubeconfig "$(base64 <"$kubeconfig" | tr -d '\n')"
