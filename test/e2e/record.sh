#!/bin/bash
# record.sh [MINOR] - hold the conversations of test/conversations with a real k3s in the rig, and
# store what it answered. For a person who added to the lists, or has a new version to record.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=by-hand.sh
. "$here/by-hand.sh"
built=$("$here/k3s/build.sh" "${1:-v1.35}")
bin=$(printf '%s' "$built" | json_value path)
images=$("$here/images/build.sh")
work=$(mktemp -d); export RIG_STATE=$work/rig
trap 'rc=$?; rig down || true; rm -rf --one-file-system "$work"; exit $rc' EXIT
trap 'exit 130' INT TERM
rig up --owner $$ >/dev/null
rig create s1 11 >/dev/null
node s1 server "${server[@]}" 'cluster-init: true' 'tls-san: [10.231.7.11]'
until_ok 180 's1 Ready' sh -c "$here/rig/rig.sh ssh s1 k3s kubectl get node s1 </dev/null | grep -q ' Ready '"
rig ssh s1 cat /etc/rancher/k3s/k3s.yaml </dev/null | sed 's/127.0.0.1/10.231.7.11/' > "$work/kubeconfig"
export SLIPWAY_RECORD_KUBECONFIG=$work/kubeconfig SLIPWAY_RECORD_VERSION
SLIPWAY_RECORD_VERSION=$(printf '%s' "$built" | json_value version)
cd "$here/../.."
rig in npx vitest run --config test/e2e/vitest.config.ts test/e2e/record
npx prettier --write --log-level warn test/conversations
