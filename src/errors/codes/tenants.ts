import { entries } from './entry.js';

/** Tenants. */
export const tenantCodes = entries({
  BAD_TENANT: [2, 'What was said of a tenant is not allowed.', 'Correct what the message names.'],
  BAD_TENANT_FILE: [
    2,
    'A tenant’s file has mistakes; each is listed with its line.',
    'Correct them. `slipway schema --kind tenant` prints what it may hold.',
  ],
  NO_TENANT_FOLDER: [2, 'The folder that `tenantsFrom` names cannot be read.', 'Correct the path in the cluster file.'],
  TENANT_EXISTS: [2, 'The cluster has a tenant of that name already.', 'Change it with `slipway tenant update`.'],
  TENANT_NAME_TAKEN: [
    3,
    'A tenant has the name of a namespace that something else lives in.',
    'Give the tenant another name.',
  ],
  TENANT_NOT_IN_FILE: [
    2,
    'The tenant is not written in the cluster file in a form that can be edited.',
    'Change the file by hand, then run `slipway cluster apply`.',
  ],
  TENANT_NOT_THERE: [3, 'The tenant was not made yet.', 'Make it with `slipway cluster apply`.'],
  TENANT_VOLUMES_LEFT: [
    4,
    'Volumes of a tenant that is deleted did not go in time.',
    'Run the same command again; `kubectl describe pv` says what holds them.',
  ],
  TENANT_QUOTA_USED: [
    3,
    'A tenant already uses more than the quota that is asked for.',
    'Ask for as much as is used, or have the tenant use less first.',
  ],
  UNKNOWN_TENANT: [
    2,
    'The cluster has no tenant of that name.',
    'See those that there are with `slipway tenant list`.',
  ],
});
