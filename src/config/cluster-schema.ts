import { clusterSchemaFor, type DistributionName, type FileFields } from '../domain/spec/schema.js';
import { fileFields as k3s } from '../distributions/k3s/file-fields.js';

const { k3s: fields, ...others } = { k3s } satisfies Record<DistributionName, FileFields>;
// With a second one a file's fields have the form of the distribution that it names.
others satisfies Record<string, never>;

/** A cluster file: types, validation and defaults; what is in the words of a distribution has its form. */
export const clusterSchema = clusterSchemaFor(fields);
