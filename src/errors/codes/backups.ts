import { entries } from './entry.js';

/** Backups and restores. */
export const backupCodes = entries({
  BACKUP_BAD: [
    [3, 4],
    'A backup is not whole, or not what was kept: it cannot be restored.',
    'Use another one; `slipway backup list` shows them.',
  ],
  NO_BACKUP: [2, 'There is no such backup.', 'See which there are with `slipway backup list`.'],
  NO_BACKUPS: [
    2,
    'Clusters of this kind have no data that could be backed up from here.',
    'Use what their provider offers.',
  ],
});
