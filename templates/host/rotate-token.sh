# shellcheck shell=sh
# Has the cluster take another token for its servers: what etcd holds is sealed with it from then on. Asked of one server;
# the others start with it only once it is in their configuration.
# NEW_TOKEN (secret): its password. AGAIN: `yes` where a server that has it already is to take it once more. With that k3s writes its
# users into etcd, where it compares them at each start: another password of agents is on its disk alone, and it would not start a
# second time with it. `try`, before a start: one that still works with the other token refuses, and has nothing to save.
need NEW_TOKEN

k3s=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server
[ -s "$k3s/token" ] || fail NOT_A_SERVER "$k3s/token is missing: k3s does not run as a server here"
command -v curl >/dev/null || fail CURL_MISSING 'this machine has no curl to ask k3s with; install it'
token=$(cat "$k3s/token")
password=${token##*:}

if [ -n "${AGAIN:-}" ]; then
  asked=false
  if [ "$password" = "$NEW_TOKEN" ]; then
    asked=true
    # One that is down because of that makes them anew of what etcd has.
    systemctl is-active --quiet k3s.service || { asked=false && rm -f "$k3s/cred/passwd"; }
  fi
else
  asked=true
  [ "$password" != "$NEW_TOKEN" ] || asked=false
fi
if $asked; then
  # `k3s token rotate` takes it as an argument, which any process of the machine can read; this is what it asks for.
  said=$(printf '%s\n' 'request = "PUT"' 'url = "https://127.0.0.1:6443/v1-k3s/token"' "cacert = \"$k3s/tls/server-ca.crt\"" \
    "user = \"server:$password\"" "data = \"{\\\"newToken\\\":\\\"$NEW_TOKEN\\\"}\"" 'max-time = 60' 'silent' 'show-error' |
    curl --config - --write-out '\n%{http_code}' 2>&1) || :
  case $(printf '%s\n' "$said" | tail -n 1) in
    2*) changed=true ;;
    *) [ "${AGAIN:-}" = try ] || fail TOKEN_NOT_ROTATED "k3s did not take the new token: $(printf '%s\n' "$said" | grep -v '^$' | tail -n 2 | tr '\n' ' ')" ;;
  esac
fi
fact changed "$changed"
