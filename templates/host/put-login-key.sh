# shellcheck shell=sh
# Lets a key log in as root and, where that is asked for, no other one that was put here for the same cluster.
# KEY: the public key. ONLY (true, false): whether the others go, which are told by the comment at their end.
# FORMER: a public key that goes then, too, whatever is written behind it; may be empty.
need KEY
need ONLY

folder=$SLIPWAY_PREFIX/root/.ssh
file=$folder/authorized_keys
part() { printf '%s' "$1" | cut -d ' ' -f "$2"; }
if [ ! -d "$folder" ]; then
  mkdir -p "$folder" || cannot_write "$folder"
  chmod 700 "$folder"
fi
# A line may begin with options, so that what counts is a word of it. Lines of nobody's are left as they are.
lines=$([ ! -f "$file" ] || awk -v key="$(part "$KEY" 2)" -v comment="$(part "$KEY" 3-)" -v former="$(part "${FORMER:-}" 2)" -v only="$ONLY" '
  /^[[:space:]]*(#|$)/ { print; next }
  {
    ours = comment != "" && $NF == comment
    for (i = 1; i <= NF; i++) {
      if ($i == key) { print; next }
      if (former != "" && $i == former) ours = 1
    }
    if (only != "true" || !ours) print
  }' "$file")
case " $(printf '%s' "$lines" | tr '\n' ' ') " in
  *" $(part "$KEY" 2) "*) ;;
  *) lines="${lines:+$lines
}$KEY" ;;
esac
changed=false
write_file "$file" 600 "$lines
"
fact changed "$changed"
