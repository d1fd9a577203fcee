# shellcheck shell=sh
# Writes other tokens into the configuration of k3s, and nothing else of it. A running k3s keeps those that it has.
# TOKEN (secret): the password in `token`. AGENT_TOKEN (secret): that in `agent-token`; empty: it stays.
need TOKEN

config=$SLIPWAY_PREFIX/etc/rancher/k3s/config.yaml
[ -f "$config" ] || fail K3S_MISSING 'k3s was never configured here'

# tokened LINE PASSWORD: with another password. What stands before it stays: the hash of the CA, and whose token it is.
# In the shell alone: what stands in arguments any process of the machine can read.
tokened() {
  _value=${1#*: }
  _value=${_value#\"}
  _value=${_value%\"}
  _before=
  case $_value in
    K10*::*:*) _before=${_value%"${_value##*:}"} ;;
  esac
  printf '%s: "%s%s"' "${1%%:*}" "$_before" "$2"
}

before=$(sha256 "$config")
text=
end='
'
while :; do
  line=
  more=true
  IFS= read -r line || more=false
  case $line in
    'token: '*) line=$(tokened "$line" "$TOKEN") ;;
    'agent-token: '*) [ -z "${AGENT_TOKEN:-}" ] || line=$(tokened "$line" "$AGENT_TOKEN") ;;
  esac
  text=$text$line
  $more || break
  text=$text$end
done <"$config"
write_file "$config" 600 "$text"
# With those before it k3s would not be let in any more.
rm -f "$SLIPWAY_PREFIX/var/lib/slipway/settings.former".*
[ "$(sha256 "$config")" = "$before" ] || changed=true
fact changed "$changed"
