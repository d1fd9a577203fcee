# shellcheck shell=sh
# Tells what this host is claimed for. Looks; changes nothing, and waits for no other task.
for field in machine cluster cluster_id pool role slot generation distribution claimed_at; do
  fact "$field" "$(claim_field "$field")"
done
fact boot_id "$(boot_id)"
