import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { JsonSchema } from '../domain/source/json-schema.js';
import { describeIssues, pathText, shortValue } from '../domain/source/problems.js';
import { readYaml } from '../domain/source/yaml.js';
import type { SpecProblem } from '../domain/spec/rules.js';
import { checkTenant, tenantSchema, type TenantSpec } from '../domain/spec/tenants.js';
import { messageOf, UsageError } from '../errors/index.js';
import { readSmall } from '../files/read-small.js';

/** A tenant by itself: `kind: Tenant`. */
const fileSchema = z.strictObject({
  apiVersion: z.literal('slipway.dev/v1').default('slipway.dev/v1').describe('Version of this format.'),
  kind: z.literal('Tenant').describe('What the file describes.'),
  ...tenantSchema.shape,
});

/** The JSON Schema of a tenant's file as a person writes it. */
export function tenantJsonSchema(): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(fileSchema, { io: 'input' }) as JsonSchema;
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'Slipway tenant file',
    description: 'What a tenant should be: a file in the folder that tenantsFrom names.',
    ...rest,
  };
}

/** A tenant, and the file that says so. */
export interface TenantOfFile {
  readonly tenant: TenantSpec;
  readonly file: string;
}

const isTenantFile = (name: string): boolean => /\.ya?ml$/.test(name) && !name.startsWith('.');

/**
 * The tenants of a folder, one in each file that ends in `.yaml` or `.yml`, by the files' names.
 * @param folder absolute
 * @throws UsageError code NO_TENANT_FOLDER; BAD_TENANT_FILE with a line in `details` for each problem of all files
 */
export async function readTenantFolder(folder: string): Promise<readonly TenantOfFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new UsageError(`Cannot read the tenants in ${folder}: ${messageOf(error)}`, {
      code: 'NO_TENANT_FOLDER',
      hint: 'tenantsFrom names a folder with a file for each tenant.',
      cause: error,
    });
  });
  const read = await Promise.all(
    names
      .filter(isTenantFile)
      .sort()
      .map(async (name) => {
        const file = join(folder, name);
        return { file, ...parseTenant(await readSmall(file), name) };
      }),
  );
  const problems = read.flatMap(({ lines }) => lines);
  if (problems.length > 0) throw badTenantFiles(folder, problems);
  return read.map(({ file, tenant }) => ({ file, tenant: tenant! }));
}

export function badTenantFiles(folder: string, details: readonly string[]): UsageError {
  return new UsageError(`${folder} has ${details.length === 1 ? 'a problem' : `${details.length} problems`}`, {
    code: 'BAD_TENANT_FILE',
    details,
    hint: '`slipway schema --kind tenant` prints what a tenant’s file may hold.',
  });
}

/** One file's text; a line for each problem: `globex.yaml:3:7  quota.cpu: …`. */
export function parseTenant(
  text: string,
  fileName: string,
): { readonly tenant: TenantSpec | undefined; readonly lines: readonly string[] } {
  const source = readYaml(text);
  if (source.problems.length > 0)
    return {
      tenant: undefined,
      lines: source.problems.map(({ line, column, message }) => `${fileName}:${line}:${column}  ${message}`),
    };
  if (typeof source.data !== 'object' || source.data === null || Array.isArray(source.data))
    return { tenant: undefined, lines: [`${fileName}:1:1  a tenant is a map of keys, beginning with kind: Tenant`] };
  const parsed = fileSchema.safeParse(source.data);
  const problems: readonly SpecProblem[] = parsed.success
    ? checkTenant(parsed.data).map((one) => withValue(one, source.data))
    : describeIssues(parsed.error.issues, source.data, tenantJsonSchema());
  const lines = problems.map(({ path, message, atKey }) => {
    const at = source.locate(path, atKey ?? false);
    return `${fileName}:${at.line}:${at.column}  ${pathText(path)}: ${message}`;
  });
  if (!parsed.success) return { tenant: undefined, lines };
  const { apiVersion: _, kind: __, ...tenant } = parsed.data;
  return { tenant, lines };
}

function withValue(problem: SpecProblem, input: unknown): SpecProblem {
  let value = input;
  for (const part of problem.path) value = (value as Readonly<Record<string | number, unknown>> | undefined)?.[part];
  const shown = value !== undefined ? shortValue(value) : problem.value && `the default ${problem.value}`;
  return shown ? { ...problem, message: `${shown} is not allowed: ${problem.message}` } : problem;
}
