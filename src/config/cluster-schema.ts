import { clusterSchemaFor, type DistributionName, type VersionField } from '../domain/spec/schema.js';
import { versionField as k3s } from '../distributions/k3s/version-field.js';

const versionFields = { k3s } satisfies Record<DistributionName, VersionField>;

/** A cluster file: types, validation and defaults; the form of its version is the distribution's. */
export const clusterSchema = clusterSchemaFor(versionFields.k3s);
