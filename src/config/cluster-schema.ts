import {
  type ClusterSpec,
  clusterSchemaFor,
  defaultDistribution,
  type DistributionName,
  distributionNames,
  type FileFields,
} from '../domain/spec/schema.js';
import type { SpecProblem } from '../domain/spec/rules.js';
import { fileFields as k3s } from '../distributions/k3s/file-fields.js';
import { fileFields as lke, fileProblems as lkeProblems } from '../distributions/lke/file-fields.js';

const fields = { k3s, lke } satisfies Record<DistributionName, FileFields>;
const problems: Partial<Record<DistributionName, (spec: ClusterSpec) => SpecProblem[]>> = { lke: lkeProblems };

/** A cluster file of the default distribution: types, validation and defaults. */
export const clusterSchema = clusterSchemaFor(fields.k3s);

const schemas: Readonly<Record<DistributionName, typeof clusterSchema>> = {
  k3s: clusterSchema,
  lke: clusterSchemaFor(fields.lke),
};

/** The distribution that plain data names; the default where it names none that is known. */
export function distributionIn(input: unknown): DistributionName {
  const { kubernetes } = (input ?? {}) as { readonly kubernetes?: { readonly distribution?: unknown } | null };
  return distributionNames.find((one) => one === kubernetes?.distribution) ?? defaultDistribution;
}

/** What is in the words of a distribution has its form. */
export const clusterSchemaOf = (distribution: DistributionName): typeof clusterSchema => schemas[distribution];

/** What a distribution cannot be, beyond what holds of all. */
export const distributionProblems = (spec: ClusterSpec): readonly SpecProblem[] =>
  problems[spec.kubernetes.distribution]?.(spec) ?? [];

/** The schema of each distribution, the default first. */
export const allClusterSchemas = (): readonly (typeof clusterSchema)[] => distributionNames.map((one) => schemas[one]);
