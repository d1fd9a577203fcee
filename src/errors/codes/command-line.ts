import { entries } from './entry.js';

/** The command line, the cluster file, questions. */
export const commandLineCodes = entries({
  BAD_ADDRESS: [
    2,
    'A text that should be the address of a host is none.',
    'Write `10.0.0.11`, `rack1.example.org`, `admin@10.0.0.11:2222` or `[2001:db8::1]:2222`.',
  ],
  BAD_CLUSTER_FILE: [
    2,
    'The cluster file has mistakes; each is listed with its line.',
    'Correct them. `slipway schema` prints what a cluster file may hold.',
  ],
  BAD_FLAGS: [2, 'Flags describe a cluster that cannot be.', 'Correct the flags that the message names.'],
  BAD_USAGE: [2, 'A flag, a value or an argument is not one that the command takes.', 'See `--help` of the command.'],
  CHANNELS_UNREACHABLE: [
    2,
    'The server that knows the newest releases of Kubernetes could not be asked.',
    'Name the exact release with `--to`, one minor at a time, or a mirror in `SLIPWAY_K3S_CHANNELS`.',
  ],
  CHOICE_NEEDED: [
    2,
    'A choice must be made, and there is no terminal to ask on.',
    'Give the flag that the message names.',
  ],
  CONFIRMATION_MISMATCH: [
    2,
    '`--confirm` names something else than what the command is about.',
    'Give the name that the message asks for.',
  ],
  CONFIRMATION_NEEDED: [
    2,
    'A question must be answered, and there is no terminal to ask on.',
    'Answer it with the flags that the message names, such as `--yes`.',
  ],
  DECLINED: [6, 'The question was answered with no; nothing was changed.', 'Run the command again to be asked again.'],
  FILE_AND_FLAGS: [
    2,
    'A cluster was described by a file and by flags at once.',
    'Write into the file what the flags say.',
  ],
  FILE_CHANGED: [
    3,
    'The cluster file was changed by somebody else while a command was about to change it.',
    'Run the same command again.',
  ],
  INTERRUPTED: [
    130,
    'Ctrl-C or SIGTERM ended the run; what is done stays done.',
    'Run the same command again to go on from there.',
  ],
  NAME_INVALID: [2, 'A name holds characters that names cannot have.', 'Use letters, digits and dashes.'],
  NAME_MISMATCH: [2, 'The file describes another cluster than the one that was named.', 'Name one of them only.'],
  NAME_MISSING: [2, 'The command is about a cluster, and none was named.', 'Name it, or give its file with `-f`.'],
  NO_CLUSTER_FILE: [2, 'The cluster file does not exist or cannot be read.', 'Name a readable file with `--file`.'],
  POOL_EXISTS: [2, 'The cluster has a pool of that name already.', 'Change its size with `slipway pool scale`.'],
  POOL_NOT_IN_FILE: [
    2,
    'The pool is not written in the cluster file in a form that can be edited.',
    'Change the file by hand, then run `slipway cluster apply`.',
  ],
  SELF_UNKNOWN: [
    2,
    '`self` is among the allowed ranges, and this computer’s address could not be found out.',
    'Write it as a range, such as `203.0.113.7/32`.',
  ],
  UNKNOWN_CLUSTER: [
    2,
    'This workspace knows no cluster of that name.',
    'See `slipway cluster list`. Another workspace is named with `SLIPWAY_HOME`.',
  ],
  UNKNOWN_COMMAND: [2, 'There is no such command.', 'See `slipway --help`.'],
  UNKNOWN_DISTRIBUTION: [
    2,
    'A cluster is labelled as made of something that this Slipway does not know.',
    'Use a newer Slipway.',
  ],
  UNKNOWN_MACHINE: [2, 'The cluster has no machine of that name.', 'See `slipway cluster status`.'],
  UNKNOWN_POOL: [2, 'The cluster has no pool of that name.', 'See `slipway pool list`.'],
  UNKNOWN_PROVIDER: [2, 'There is no provider of that name.', 'Choose one that the message lists.'],
});
