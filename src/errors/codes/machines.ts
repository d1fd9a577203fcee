import { entries } from './entry.js';

/** SSH, host keys and tasks on machines. */
export const machineCodes = entries({
  BAD_FACTS: [
    1,
    'A task on a machine answered what Slipway does not understand: a fault of Slipway.',
    'Please report it.',
  ],
  BAD_PATIENCE: [
    2,
    '`SLIPWAY_SSH_PATIENCE` is no number of seconds from 0.5 to 600.',
    'Set it to something like 20, or unset it.',
  ],
  FETCH_FAILED: [
    4,
    'A file did not arrive whole from a machine.',
    'Check the connection and the disk here, then run the same command again.',
  ],
  HOST_KEY_MISMATCH: [
    3,
    'A machine shows another SSH host key than the pinned one; nothing was sent to it.',
    'Somebody may be in between. `slipway cluster adopt` asks the cluster which key is the right one.',
  ],
  HOST_KEY_UNKNOWN: [
    3,
    'This workspace has no host key of the machine.',
    'Let the cluster vouch for it with `slipway cluster adopt`.',
  ],
  IDENTITY_MISSING: [
    2,
    'There is no SSH key to log in to hosts with.',
    'Name one as `provider.identity`, or in `SLIPWAY_SSH_KEY`.',
  ],
  IDENTITY_UNUSABLE: [
    2,
    'The SSH key is encrypted or in a form that cannot be used.',
    'Add it to an SSH agent, or make one for Slipway.',
  ],
  NO_SSH_CLIENT: [2, 'There is no `ssh` program on this computer.', 'Install OpenSSH’s client.'],
  SSH_COMMAND_REFUSED: [
    4,
    'The machine lets Slipway log in, but runs nothing for it.',
    'Do what the machine’s own words, which are shown, ask for.',
  ],
  SSH_IDENTITY: [4, 'The key for logging in cannot be read.', 'Check its path and permissions.'],
  SSH_KEY_CHANGED: [
    3,
    'The cluster’s SSH key in the workspace is not the one that its machines accept.',
    'Put the right one back from a copy, or let this one in with `slipway cluster adopt`.',
  ],
  SSH_KEY_LOST: [
    3,
    'The cluster’s SSH key is missing from the workspace.',
    'Put it back from a copy, or put a new one onto the machines with `slipway cluster adopt`.',
  ],
  SSH_LOGIN_REFUSED: [
    4,
    'The machine refuses the login; the message says what it asks for.',
    'Allow login with a key for that user, or name another user.',
  ],
  SSH_LOST: [
    4,
    'The connection was lost during a task and did not come back in time.',
    'Run the same command again: the task goes on, and is found.',
  ],
  SSH_UNREACHABLE: [
    [3, 4],
    'The machine does not answer on its SSH port.',
    'Check that it runs and that firewalls let the port through, then run the same command again.',
  ],
  TASK_FAILED: [
    4,
    'A task on a machine failed; `hostCode` says why, from the list below.',
    'Fix what the message names, then run the same command again.',
  ],
  TASK_OUTPUT: [
    4,
    'A machine wrote without an end into the session of a task.',
    'Look for what writes there (a profile, a forced command), then run the same command again.',
  ],
  TASK_TIMEOUT: [
    4,
    'A task on a machine did not end in its time.',
    'Run the same command again: it waits for what still runs there.',
  ],
  UPLOAD_FAILED: [
    4,
    'Files did not arrive on a machine as they were sent.',
    'Check the bundle and the machine’s disk, then run the same command again.',
  ],
  USER_DATA_TOO_LONG: [
    1,
    'A machine’s user data would be longer than 32 KiB: a fault of Slipway.',
    'Please report it.',
  ],
});
