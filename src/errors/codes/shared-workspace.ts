import { entries } from './entry.js';

/** A workspace in a bucket. */
export const sharedWorkspaceCodes = entries({
  BAD_IDENTITY: [
    2,
    'What should be an identity of age is none.',
    'Restore it, or move it away and make a new one with `slipway workspace identity`.',
  ],
  BLOB_SWAPPED: [
    3,
    'An object in the bucket opens, but is not the one that belongs there: older, of another cluster, or by somebody unknown.',
    'Find out who can write to the bucket; see `slipway workspace recover`.',
  ],
  BUCKET_UNFIT: [
    3,
    'The bucket cannot hold a workspace: its server does not keep two writers apart.',
    'Use a server with conditional writes.',
  ],
  CLOCK_SKEW: [2, 'The clock of this computer is too far off for the S3 server.', 'Set it right.'],
  LOCKED_OUT: [3, 'Nobody here could open the workspace afterwards.', 'Keep a recipient of this computer.'],
  MOVE_NOWHERE: [2, 'The workspace cannot be moved there.', 'Name another place, as the message says.'],
  NOT_A_WORKSPACE: [
    2,
    'The bucket holds no workspace, or not all of one.',
    'Move one there with `slipway workspace move`.',
  ],
  NOT_LOCKED: [2, 'Nobody holds the cluster’s lock.', 'Nothing needs to be done.'],
  NOT_SHARED: [2, 'Only a workspace in a bucket is sealed.', 'Name it with `--workspace`, or `SLIPWAY_WORKSPACE`.'],
  NO_FILE: [2, 'What is in a bucket has no path on this computer.', 'Have it printed or merged instead.'],
  NO_IDENTITY: [
    2,
    'This computer has no identity that opens a sealed workspace.',
    'Make one with `slipway workspace identity`, or set `SLIPWAY_AGE_KEY`.',
  ],
  NO_SUCH_BUCKET: [2, 'The bucket of the workspace does not exist.', 'Make it, or correct `--workspace`.'],
  S3_ACCESS: [
    2,
    'The S3 server does not accept the key, or the key may not do what is needed.',
    'Check `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, and what the key may do.',
  ],
  S3_ANSWER: [1, 'The S3 server gave an answer that S3 would not give.', 'Try again; use another server if it stays.'],
  S3_CREDENTIALS: [
    2,
    'The workspace is in a bucket, but there is no key for it.',
    'Set the variables that the message names.',
  ],
  S3_REGION: [2, 'The bucket is in another region.', 'Name that region in `--workspace`.'],
  S3_UNAVAILABLE: [
    4,
    'The S3 server did not answer.',
    'Check the network and the server, then run the same command again.',
  ],
  WORKSPACE_DIFFERS: [
    4,
    'What was written to the other place is not what was read there.',
    'Run the same command again.',
  ],
  WORKSPACE_LOCATION: [2, 'The place of the workspace is not written as one.', 'Write it as the message says.'],
  WORKSPACE_MOVED: [2, 'The workspace has moved elsewhere.', 'Use the place that the message names.'],
  WRONG_IDENTITY: [
    2,
    'The workspace is sealed for others.',
    'Use an identity that opens it, or have this one added with `slipway workspace rotate --add`.',
  ],
});
