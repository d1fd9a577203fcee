import { clusterSchemaFor, type DistributionName, type VersionField } from '../domain/spec/schema.js';
import { versionField as k3s } from '../distributions/k3s/version-field.js';

const { k3s: version, ...others } = { k3s } satisfies Record<DistributionName, VersionField>;
// With a second one a file's version has the form of the distribution that it names.
others satisfies Record<string, never>;

/** A cluster file: types, validation and defaults; the form of its version is the distribution's. */
export const clusterSchema = clusterSchemaFor(version);
