# shellcheck shell=sh
# Tells the certificates that k3s has on this machine, but for those of its authorities. Changes nothing; none is a secret.
data=$SLIPWAY_PREFIX/var/lib/rancher/k3s

# first: of the certificates on the standard input the first one, without its frame and on one line.
first() {
  awk '/^-----BEGIN CERTIFICATE-----/ { on = 1; next } /^-----END CERTIFICATE-----/ { exit } on { printf "%s", $0 }'
}

found=
for file in "$data"/server/tls/*.crt "$data"/server/tls/etcd/*.crt "$data"/agent/*.crt; do
  [ -f "$file" ] || continue
  case ${file##*/} in
    *-ca.crt | *-ca.nochain.crt) continue ;;
  esac
  certificate=$(first <"$file")
  [ -z "$certificate" ] || found="$found ${file#"$data/"}=$certificate"
done
# That of the port itself lies in a Secret, as JSON.
dynamic=$data/server/tls/dynamic-cert.json
if [ -f "$dynamic" ]; then
  certificate=$(sed -n 's/.*"tls.crt" *: *"\([A-Za-z0-9+/=]*\)".*/\1/p' "$dynamic" | base64 -d 2>/dev/null | first)
  [ -z "$certificate" ] || found="$found server/tls/dynamic-cert.json=$certificate"
fi
fact certificates "${found# }"
