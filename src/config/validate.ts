import { checkSpec, type SpecParts, type SpecProblem } from '../domain/spec/rules.js';
import { componentsSchema, type ComponentsSpec } from '../domain/spec/components.js';
import { clusterSchema, clusterSchemaOf, distributionIn, distributionProblems } from './cluster-schema.js';
import { poolSchema, providerSchema, type ClusterSpec } from '../domain/spec/schema.js';
import { tenantSchema } from '../domain/spec/tenants.js';
import { clusterJsonSchema } from './json-schema.js';
import { describeIssues, shortValue } from '../domain/source/problems.js';

export type Validated =
  | { readonly spec: ClusterSpec; readonly problems?: undefined }
  | { readonly spec?: undefined; readonly problems: readonly SpecProblem[] };

/** Holds plain data against the schema and the rules; every problem at once. Pure. */
export function validateCluster(input: unknown): Validated {
  const parsed = clusterSchemaOf(distributionIn(input)).safeParse(input);
  if (parsed.success) {
    const { kubernetes, ...spec } = parsed.data;
    const problems = [
      ...checkSpec({ ...spec, api: kubernetes.api }),
      ...countedTwice(input),
      ...distributionProblems(parsed.data),
    ];
    return problems.length === 0 ? { spec: parsed.data } : { problems: withValues(problems, input) };
  }
  const issues = describeIssues(parsed.error.issues, input, clusterJsonSchema());
  // The rules look at whatever is sound by itself, so that one mistake does not hide another.
  return { problems: [...issues, ...withValues(checkSpec(soundParts(input)), input)] };
}

/** A default is no count that somebody asked for, so that only the file itself tells. */
function countedTwice(input: unknown): SpecProblem[] {
  const pools = isMap(input) && Array.isArray(input['pools']) ? (input['pools'] as readonly unknown[]) : [];
  return pools.flatMap((pool, index) =>
    isMap(pool) && pool['autoscale'] !== undefined && pool['count'] !== undefined
      ? [
          {
            path: ['pools', index, 'count'],
            message: 'not beside autoscale, whose min and max say how many; leave it out',
            atKey: true,
          },
        ]
      : [],
  );
}

/** Rules say what is allowed; the value they refuse is put before it. */
function withValues(problems: readonly SpecProblem[], input: unknown): SpecProblem[] {
  return problems.map((problem) => {
    if (problem.atKey) return problem;
    let value: unknown = input;
    for (const part of problem.path) value = (value as Record<string | number, unknown> | undefined)?.[part];
    const shown = value !== undefined ? shortValue(value) : problem.value && `the default ${problem.value}`;
    return shown ? { ...problem, message: `${shown} is not allowed: ${problem.message}` } : problem;
  });
}

interface Field {
  safeParse(value: unknown): { success: boolean; data?: unknown };
}

/** The entries of a map that are sound by themselves, with defaults for those that are absent. */
function sound<Shape extends Readonly<Record<string, Field>>>(shape: Shape, value: unknown): Record<string, unknown> {
  const map = isMap(value) ? value : {};
  return Object.fromEntries(
    Object.entries(shape).flatMap(([key, field]) => {
      const parsed = field.safeParse(map[key]);
      return parsed.success ? [[key, parsed.data]] : [];
    }),
  );
}

function soundComponents(input: Record<string, unknown>): ComponentsSpec {
  const entries = Object.entries(input).filter(([key, value]) => componentsSchema.safeParse({ [key]: value }).success);
  return componentsSchema.parse(Object.fromEntries(entries));
}

/** As much of a specification as can be read, part by part; components only where they are there and sound. */
export function soundParts(input: unknown): SpecParts & { readonly components: ComponentsSpec | undefined } {
  const root = isMap(input) ? input : {};
  const components = isMap(root['components']) ? soundComponents(root['components']) : undefined;
  const { controlPlane, kubernetes, network, ssh } = clusterSchema.shape;
  const api = isMap(root['kubernetes']) ? root['kubernetes']['api'] : undefined;
  return {
    provider: sound(providerSchema.shape, root['provider']),
    controlPlane: sound(controlPlane.unwrap().shape, root['controlPlane']),
    pools: Array.isArray(root['pools']) ? root['pools'].map((pool) => sound(poolSchema.shape, pool)) : [],
    network: sound(network.unwrap().shape, root['network']),
    api: sound(kubernetes.unwrap().shape.api.unwrap().shape, api),
    ssh: sound(ssh.unwrap().shape, root['ssh']),
    tenants: Array.isArray(root['tenants']) ? root['tenants'].map((one) => sound(tenantSchema.shape, one)) : [],
    components,
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
