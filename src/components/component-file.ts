import { z } from 'zod';

import type { JsonSchema } from '../domain/source/json-schema.js';
import { describeIssues, pathText } from '../domain/source/problems.js';
import { readYaml } from '../domain/source/yaml.js';
import type { SpecProblem } from '../domain/spec/rules.js';
import { nearest } from '../domain/nearest.js';
import { badComponent } from './bad-component.js';
import { contextSchema } from './context.js';
import { outsideNamespaces } from './kinds.js';
import { settingNames } from './options.js';
import { bytesOf, milliOf } from '../domain/quantity.js';
import type { Component, HealthTarget, SecretForm, Workload } from './types.js';
import { mayHave, readWhen, whenPattern } from './when.js';

const name = z
  .string()
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'small letters, digits and dashes')
  .max(63);
const when = z.string().regex(whenPattern, 'a path of options, as in dns.provider or dns.provider=cloudflare|hetzner');
const cpu = z.string().refine((text) => milliOf(text) !== undefined, 'an amount of cpu such as 200m');
const size = z.string().refine((text) => bytesOf(text) !== undefined, 'an amount such as 256Mi');
const valuesPath = z
  .string()
  .regex(/^[A-Za-z][-\w]*(\.[-\w]+)*$/, 'a path in the values of the chart, as in controller.resources');
const variable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable: CAPITALS_AND_DIGITS');

const chartSchema = z
  .strictObject({
    name: z.string().min(1),
    repository: z
      .string()
      .regex(/^https:\/\//, 'an address that begins with https://')
      .optional(),
    oci: z
      .string()
      .regex(/^oci:\/\//, 'a reference that begins with oci://')
      .optional(),
    version: z.string().min(1),
    bootstrap: z.boolean().default(false),
    takeOwnership: z.boolean().default(false),
    timeout: z
      .string()
      .regex(/^([0-9]+(h|m|s))+$/, 'a time such as 5m')
      .default('5m'),
    crds: z.boolean().default(false),
    changelog: z
      .string()
      .regex(/^https:\/\//, 'an address that begins with https://')
      .optional(),
  })
  .refine(
    (chart) => (chart.repository === undefined) !== (chart.oci === undefined),
    'either a repository or an oci reference',
  );

const fileSchema = z.strictObject({
  title: z.string().min(1),
  description: z.string().min(1),
  presets: z.array(z.enum(['baseline', 'minimal'])).default([]),
  when: when.optional(),
  with: z.strictObject({ component: name, when: when.optional() }).optional(),
  namespace: name,
  chart: chartSchema.optional(),
  release: name.max(53, 'at most 53 characters, as helm has it').optional(),
  needs: z.array(z.union([name, z.strictObject({ name, when: when.optional(), unless: when.optional() })])).default([]),
  after: z.array(name).default([]),
  provides: z.array(name).default([]),
  architectures: z
    .array(z.enum(['amd64', 'arm64']))
    .min(1)
    .default(['amd64', 'arm64']),
  options: z.record(z.string(), z.unknown()).default({ type: 'object', additionalProperties: false, properties: {} }),
  secrets: z
    .array(
      z.strictObject({
        name,
        namespace: name.optional(),
        when: when.optional(),
        keys: z.record(z.string(), variable).default({}),
        plain: z.record(z.string(), z.string().min(1)).default({}),
        generate: z.record(z.string(), z.int().min(8).max(256)).default({}),
      }),
    )
    .default([]),
  workloads: z
    .array(
      z
        .strictObject({
          when: when.optional(),
          each: z.enum(['node', 'server', 'schedulable']).optional(),
          replicas: z.union([z.int().min(0), valuesPath]).default(1),
          resources: z.array(z.union([valuesPath, z.strictObject({ cpu, memory: size })])).default([]),
          volume: z.union([size, valuesPath]).optional(),
        })
        .transform((one): Workload => ({ when: one.when, each: one.each, volume: one.volume, ...one })),
    )
    .default([]),
  health: z
    .array(
      z.strictObject({
        kind: z.string().min(1),
        apiVersion: z.string().min(1).optional(),
        name: z.string().min(1),
        namespace: name.optional(),
        when: when.optional(),
      }),
    )
    .default([]),
  places: z
    .array(
      z.strictObject({
        what: z.string().min(1),
        endpoint: z.string().min(1).optional(),
        region: z.string().min(1).optional(),
      }),
    )
    .default([]),
});

type Read = z.output<typeof fileSchema>;
export type ComponentFile = Pick<
  Component,
  | 'title'
  | 'description'
  | 'presets'
  | 'when'
  | 'with'
  | 'namespace'
  | 'chart'
  | 'release'
  | 'needs'
  | 'needsIf'
  | 'after'
  | 'provides'
  | 'architectures'
  | 'options'
  | 'secrets'
  | 'workloads'
  | 'health'
  | 'endpoints'
>;

/**
 * Reads the text of a `component.yaml`; `shown` is what messages call it.
 * @throws UsageError code BAD_COMPONENT, a line in `details` for each problem.
 */
export function parseComponentFile(text: string, shown: string, componentName: string): ComponentFile {
  const source = readYaml(text);
  const lines = source.problems.map(({ line, column, message }) => `${shown}:${line}:${column}  ${message}`);
  if (lines.length > 0 || typeof source.data !== 'object' || source.data === null)
    throw badComponent(
      shown,
      lines.length > 0 ? lines : [`${shown}:1:1  a component is a map of keys, beginning with title`],
    );
  const parsed = fileSchema.safeParse(source.data);
  const problems: readonly SpecProblem[] = parsed.success
    ? checkFile(parsed.data)
    : describeIssues(parsed.error.issues, source.data, z.toJSONSchema(fileSchema, { io: 'input' }) as JsonSchema);
  if (!parsed.success || problems.length > 0)
    throw badComponent(
      shown,
      problems.map(({ path, message, atKey }) => {
        const at = source.locate(path, atKey ?? false);
        return `${shown}:${at.line}:${at.column}  ${pathText(path)}: ${message}`;
      }),
    );
  return shape(parsed.data, componentName);
}

/** What looks at more than one value. */
function checkFile(file: Read): SpecProblem[] {
  const schema = file.options as JsonSchema;
  const taken = settingNames
    .filter((setting) => Object.hasOwn(schema.properties ?? {}, setting))
    .map((setting) => ({
      path: ['options', 'properties', setting],
      message: `every component has a setting of this name; choose another`,
      atKey: true,
    }));
  const own = (path: readonly (string | number)[], text: string | undefined): SpecProblem[] => {
    if (text === undefined) return [];
    const condition = readWhen(text);
    if (condition.component !== undefined || mayHave(schema, condition.path)) return [];
    const known = Object.keys(schema.properties ?? {});
    const near = nearest(condition.path[0] ?? '', known);
    return [
      {
        path,
        message: `there is no option ${condition.path.join('.')}${near === undefined || near === condition.path[0] ? '' : `; did you mean ${near}?`}`,
      },
    ];
  };
  return [
    ...taken,
    ...own(['when'], file.when),
    ...file.needs.flatMap((need, index) =>
      typeof need === 'string'
        ? []
        : [...own(['needs', index, 'when'], need.when), ...own(['needs', index, 'unless'], need.unless)],
    ),
    ...file.secrets.flatMap((secret, index) => own(['secrets', index, 'when'], secret.when)),
    ...file.secrets.flatMap((secret, index) =>
      Object.entries(secret.plain)
        .filter(([, path]) => !mayHave(contextSchema(schema), path.split('.')))
        .map(([key, path]) => ({ path: ['secrets', index, 'plain', key], message: `there is no ${path}` })),
    ),
    ...file.health.flatMap((target, index) => own(['health', index, 'when'], target.when)),
    ...file.places.flatMap((place, index) => [
      ...own(['places', index, 'endpoint'], place.endpoint),
      ...own(['places', index, 'region'], place.region),
    ]),
  ];
}

function shape({ places, ...file }: Read, componentName: string): ComponentFile {
  return {
    ...file,
    endpoints: places,
    release: file.release ?? componentName,
    needs: file.needs.filter((need) => typeof need === 'string'),
    needsIf: file.needs.filter((need) => typeof need !== 'string'),
    chart: file.chart,
    options: file.options,
    secrets: file.secrets.map((secret): SecretForm => ({ ...secret, namespace: secret.namespace ?? file.namespace })),
    health: file.health.map((target): HealthTarget => ({
      ...target,
      apiVersion: target.apiVersion,
      namespace: target.namespace ?? (outsideNamespaces(target.kind) ? '' : file.namespace),
    })),
  };
}
