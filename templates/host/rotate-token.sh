# shellcheck shell=sh
# Has the cluster take another token for its servers: what etcd holds is sealed with it from then on. Asked of one server;
# the others start with it only once it is in their configuration.
# NEW_TOKEN (secret): its password.
need NEW_TOKEN

k3s=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server
[ -s "$k3s/token" ] || fail NOT_A_SERVER "$k3s/token is missing: k3s does not run as a server here"
command -v curl >/dev/null || fail CURL_MISSING 'this machine has no curl to ask k3s with; install it'
token=$(cat "$k3s/token")
password=${token##*:}

if [ "$password" != "$NEW_TOKEN" ]; then
  # `k3s token rotate` takes it as an argument, which any process of the machine can read; this is what it asks for.
  said=$(printf '%s\n' 'request = "PUT"' 'url = "https://127.0.0.1:6443/v1-k3s/token"' "cacert = \"$k3s/tls/server-ca.crt\"" \
    "user = \"server:$password\"" "data = \"{\\\"newToken\\\":\\\"$NEW_TOKEN\\\"}\"" 'max-time = 60' 'silent' 'show-error' |
    curl --config - --write-out '\n%{http_code}' 2>&1) || :
  case $(printf '%s\n' "$said" | tail -n 1) in
    2*) changed=true ;;
    *) fail TOKEN_NOT_ROTATED "k3s did not take the new token: $(printf '%s\n' "$said" | grep -v '^$' | tail -n 2 | tr '\n' ' ')" ;;
  esac
fi
fact changed "$changed"
