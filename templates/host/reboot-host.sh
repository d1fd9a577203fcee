# shellcheck shell=sh
# Starts the machine anew, once: asked again after the start, it says that it is done.
# BOOT_ID: of the start that is to end.
need BOOT_ID
if [ "$(boot_id)" = "$BOOT_ID" ]; then
  systemctl reboot
  # The machine takes this task with it.
  while patience; do sleep 1; done
  fail REBOOT_FAILED 'the machine was told to start anew, and still runs'
fi
fact boot_id "$(boot_id)"
