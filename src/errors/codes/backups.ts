import { entries } from './entry.js';

/** Backups and restores. */
export const backupCodes = entries({
  BACKUP_BAD: [
    [3, 4],
    'A backup is not whole, or not what was kept: it cannot be restored.',
    'Use another one; `slipway backup list` shows them.',
  ],
  BACKUP_OF_ANOTHER: [
    3,
    'The backup is of another cluster that had the same name.',
    'Use another one, or a workspace that does not know the cluster of now.',
  ],
  BACKUP_PARTIAL: [
    4,
    'The backup is kept, but lacks copies of streams or volumes that the cluster file asks for.',
    'Look into what is named, then make another backup.',
  ],
  BACKUP_TOO_NEW: [
    3,
    'The backup was made with a newer minor of Kubernetes than the one it would be restored with.',
    'Ask for that release in the cluster file.',
  ],
  BACKUP_UNCLEAR: [
    2,
    'Parts are asked for of a cluster that was restored, and a backup from before as well as one from after it has them.',
    'Say which backup is meant, with `--from`.',
  ],
  CLUSTER_ALIVE: [3, 'The cluster that is to be restored runs.', 'Leave it, or stop k3s on each of its servers first.'],
  COPY_DIFFERS: [
    4,
    'A copy that was made from a backup lacks what the backup’s snapshot has.',
    'Use another backup; the copy can be looked at until it is deleted.',
  ],
  DRILL_PARTIAL: [
    4,
    'A drill could not bring back each copy of a volume or stream that the backup has.',
    'Look into what is named; make another backup, and try that one.',
  ],
  CLAIM_IN_USE: [
    3,
    'Pods use a claim whose volume was to be replaced.',
    'Scale what runs them to zero, then run the same command again.',
  ],
  VOLUME_FAILED: [
    4,
    'The files of a volume could not be copied, or not be brought back.',
    'Look into what the pod said, then run the same command again.',
  ],
  VOLUME_KEY: [
    [2, 3],
    'The key for the bucket of the volumes is not set, or is the one that opens the backups.',
    'Set `SLIPWAY_VOLUMES_ACCESS_KEY_ID` and `SLIPWAY_VOLUMES_SECRET_ACCESS_KEY` to a key for that prefix only.',
  ],
  NATS_NO_USER: [
    3,
    'NATS of this cluster was installed before it had a user that may copy streams.',
    'Bring the component up to date with `slipway cluster apply`.',
  ],
  NATS_FAILED: [
    4,
    'NATS refused, or did not answer, when streams were to be copied or brought back.',
    'See how NATS is with `slipway component status`, then run the same command again.',
  ],
  NO_BACKUP: [2, 'There is no such backup.', 'See which there are with `slipway backup list`.'],
  NO_BACKUPS: [
    2,
    'Clusters of this kind have no data that could be backed up from here.',
    'Use what their provider offers.',
  ],
  QUARANTINED: [
    3,
    'The cluster is a copy that was made from a backup to be looked at: nothing is to run in it.',
    'Leave it as it is, or delete it with `slipway cluster delete`.',
  ],
  RESTORE_UNFINISHED: [
    3,
    'A restore of the cluster was begun and its data are not there yet.',
    'Finish it with `slipway cluster restore`.',
  ],
  SERVERS_SILENT: [
    3,
    'So many servers do not answer that they could go on as the old cluster once they come back.',
    'Start them, or delete them at the provider.',
  ],
});
