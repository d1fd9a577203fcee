import { entries } from './entry.js';

/** Tenants. */
export const tenantCodes = entries({
  BAD_TENANT_FILE: [
    2,
    'A tenant’s file has mistakes; each is listed with its line.',
    'Correct them. `slipway schema --kind tenant` prints what it may hold.',
  ],
  NO_TENANT_FOLDER: [2, 'The folder that `tenantsFrom` names cannot be read.', 'Correct the path in the cluster file.'],
  TENANT_NAME_TAKEN: [
    3,
    'A tenant has the name of a namespace that something else lives in.',
    'Give the tenant another name.',
  ],
  TENANT_QUOTA_USED: [
    3,
    'A tenant already uses more than the quota that is asked for.',
    'Ask for as much as is used, or have the tenant use less first.',
  ],
});
