import { entries } from './entry.js';

/** The workspace, bundles, and Slipway’s own faults. */
export const workspaceCodes = entries({
  BAD_BOUNDARY: [2, '`SLIPWAY_TEST_BOUNDARY`, which is for tests, is no JSON list.', 'Unset it.'],
  BAD_BUNDLE: [2, 'The bundle is incomplete or damaged.', 'Make it anew with `slipway bundle create`.'],
  BAD_PLAN: [1, 'A step used what it did not ask for: a fault of Slipway.', 'Please report it.'],
  BUNDLE_FLAGS: [2, 'The flags of `bundle create` do not go together.', 'Correct what the message names.'],
  BUNDLE_FOLDER: [2, 'The folder cannot be used for a bundle.', 'Name one that may be made or written to.'],
  BUNDLE_SOURCE: [2, 'A file for the bundle does not exist or cannot be read.', 'Name the right file.'],
  CHECKSUM_MISMATCH: [
    2,
    'A file is not the one that its checksum announces.',
    'Get it again; if it stays so, do not trust where it comes from.',
  ],
  CLUSTER_BUSY: [
    7,
    'Another operation works on the cluster, from this workspace or another.',
    'Wait for it. If it runs nowhere any more, do what the message says.',
  ],
  DISK_FULL: [4, 'The disk is full.', 'Make room, then run the same command again.'],
  DOWNLOAD_FAILED: [
    4,
    'A file could not be downloaded.',
    'Check the way to the internet, then run the same command again.',
  ],
  NOT_A_BUNDLE: [
    3,
    'The folder holds files that are not a bundle’s.',
    'Name an empty folder, or one that does not exist.',
  ],
  NO_BUNDLES: [2, 'The distribution does not come in bundles.', 'Take `kubernetes.bundle` out of the file.'],
  NO_SUCH_RELEASE: [2, 'There is no such release of k3s.', 'Write it as on the release page: `v1.36.5+k3s1`.'],
  RECORD_TOO_NEW: [2, 'The workspace was written by a newer Slipway.', 'Upgrade Slipway here.'],
  SANDBOX_NOT_RUNNING: [2, 'The sandbox does not run.', 'Start it with `slipway sandbox start`.'],
  UNEXPECTED: [
    1,
    'Something happened that Slipway does not know: a fault of Slipway, or of this computer.',
    'Run the same command again; report it if it stays.',
  ],
  WORKSPACE_CORRUPT: [
    2,
    'A file of the workspace is damaged.',
    'Restore it from a backup, or have it made anew by `slipway cluster adopt`.',
  ],
  WORKSPACE_ERROR: [
    1,
    'A file of the workspace could not be read or written.',
    'Check the disk and the folder, or name another with `SLIPWAY_HOME`.',
  ],
  WORKSPACE_FULL: [4, 'The disk of the workspace is full.', 'Make room, then run the same command again.'],
  WORKSPACE_NOT_A_FOLDER: [
    2,
    'A part of the workspace’s path is a file.',
    'Move it away, or name another folder with `SLIPWAY_HOME`.',
  ],
  WORKSPACE_UNWRITABLE: [
    2,
    'The workspace may not be written.',
    'Make the folder yours, or name another with `SLIPWAY_HOME`.',
  ],
});
