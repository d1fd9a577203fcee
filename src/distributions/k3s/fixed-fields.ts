import type { FixedField } from '../port.js';
import { sharedSettings } from './host/index.js';

/** Of the settings that all servers must have equal, those that a cluster file can name. */
export const fixedFields: readonly FixedField[] = sharedSettings.flatMap(({ fixedBy }) =>
  fixedBy === undefined ? [] : [{ path: `network.${fixedBy}`, read: (spec) => spec.network[fixedBy] }],
);
