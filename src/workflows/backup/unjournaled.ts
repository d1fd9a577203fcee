import type { ClusterFolder } from '../../workspace/types.js';

/** Backups are their own record: written to the journals, they would push out what was done to the cluster within a day. */
export const unjournaled = ({ name }: Pick<ClusterFolder, 'name'>): Pick<ClusterFolder, 'name' | 'journal'> => ({
  name,
  journal: () => Promise.resolve({ id: '', append: () => {}, close: () => Promise.resolve() }),
});
