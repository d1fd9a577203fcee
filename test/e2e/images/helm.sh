#!/bin/bash
# images/helm.sh MINOR - the image that k3s's Helm controller of that minor starts for a HelmChart, under the
# name it asks for, with helm built from its Go module and our own small entry program (helm/main.go). Also packs
# the charts of ../charts, and makes a certificate for https://10.231.7.1, which the image trusts: a repository in
# the rig is reached there. One JSON line: {"image","tarball","charts","tls"}.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
minor=${1:?usage: helm.sh MINOR}
command -v openssl >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssl >/dev/null
cache=${SLIPWAY_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-e2e}
# The controller's source says what it asks for.
controller=$(awk '$1 == "github.com/k3s-io/helm-controller" { print $2 }' "$here/../k3s/$minor/go.mod")
key=$(cat "$here"/helm/* "$here/lib.sh" "$0" | sha256sum | cut -c1-12)-$controller
charts=$(cd "$here/../charts" && find . -type f | sort | xargs cat | sha256sum | cut -c1-12)
out=$cache/images/helm-$key
mkdir -p "$cache/images"
exec 9>"$cache/images/.lock-helm"; flock 9
if [ ! -s "$out/name" ]; then
  # shellcheck source=lib.sh
  . "$here/lib.sh"
  tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
  arch=$(go env GOARCH)
  source=$(cd "$tmp" && GOWORK=off go mod download -json "github.com/k3s-io/helm-controller@$controller" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  name=$(sed -n 's/.*DefaultJobImage *= *"\(.*\)".*/\1/p' "$source/pkg/controllers/chart/chart.go")
  [ -n "$name" ] || { echo "helm.sh: $source does not say which image it asks for" >&2; exit 1; }
  mkdir -p "$tmp/root/home/klipper-helm" "$tmp/root/etc/ssl/certs" "$tmp/helm" "$out"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=ring \
    -addext subjectAltName=IP:10.231.7.1 -keyout "$out/tls.key" -out "$out/tls.crt" 2>/dev/null
  cp "$out/tls.crt" "$tmp/root/etc/ssl/certs/ca-certificates.crt"
  cp "$here/helm/go.mod" "$here/helm/go.sum" "$tmp/helm/"
  export CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOWORK=off
  (cd "$tmp/helm" && nice -n "${SLIPWAY_E2E_NICE:-10}" go build -mod=mod -ldflags '-s -w' -o "$tmp/root/helm" helm.sh/helm/v3/cmd/helm) 9>&-
  (cd "$here/helm" && GO111MODULE=off GOFLAGS='' go build -ldflags '-s -w' -o "$tmp/root/entry" main.go) 9>&-
  cp "$tmp/root/helm" "$out/helm"
  image "$tmp/root" "docker.io/$name" /entry HOME=/home/klipper-helm HELM_DATA_HOME=/home/klipper-helm/.helm
  # A name after k3s-airgap-images…: of two images of one name, the last one imported stays.
  pack "$out/ring-helm.tar"
  printf '%s\n' "$name" > "$out/name"
fi
if [ ! -s "$out/charts-$charts/index.yaml" ]; then
  rm -rf "$out"/charts-*; mkdir -p "$out/charts-$charts"
  export HELM_CACHE_HOME=$out/.cache HELM_CONFIG_HOME=$out/.config HELM_DATA_HOME=$out/.data
  for chart in "$here"/../charts/*/; do "$out/helm" package --destination "$out/charts-$charts" "$chart" >/dev/null; done
  "$out/helm" repo index "$out/charts-$charts"
fi
printf '{"image":"%s","tarball":"%s","charts":"%s","tls":"%s"}\n' "$(cat "$out/name")" "$out/ring-helm.tar" "$out/charts-$charts" "$out/tls"
