import { nearest } from './nearest.js';
import { checkTenants, tenantSchema, type TenantInput, type TenantSpec } from './spec/tenants.js';
import type { ClusterSpec } from './spec/schema.js';
import { describeIssues, pathText, shortValue } from './source/problems.js';
import { UsageError } from '../errors/index.js';

type Change = Pick<TenantInput, 'domains' | 'suspended'> & {
  readonly quota?: Partial<TenantSpec['quota']> | undefined;
};

/**
 * A cluster with one more tenant.
 * @throws UsageError codes TENANT_EXISTS, BAD_TENANT
 */
export function withTenant(spec: ClusterSpec, name: string, change: Change): ClusterSpec {
  const tenants = spec.tenants ?? [];
  if (tenants.some((tenant) => tenant.name === name))
    throw new UsageError(`${spec.name} has a tenant called ${name} already.`, {
      code: 'TENANT_EXISTS',
      hint: `Change it: slipway tenant update ${spec.name} ${name}`,
    });
  return checked({ ...spec, tenants: [...tenants, readTenant({ name, ...defined(change) })] }, name);
}

/**
 * A cluster with one tenant changed.
 * @throws UsageError codes UNKNOWN_TENANT, BAD_TENANT
 */
export function withChangedTenant(spec: ClusterSpec, name: string, change: Change): ClusterSpec {
  const { quota, ...rest } = defined(change);
  const before = tenantOf(spec, name);
  const after = readTenant({ ...before, ...rest, quota: { ...before.quota, ...defined(quota ?? {}) } });
  return checked({ ...spec, tenants: spec.tenants!.map((one) => (one.name === name ? after : one)) }, name);
}

export const withoutTenant = (spec: ClusterSpec, name: string): ClusterSpec => ({
  ...spec,
  tenants: spec.tenants?.filter((tenant) => tenant.name !== name),
});

/** @throws UsageError code UNKNOWN_TENANT */
export function tenantOf(spec: Pick<ClusterSpec, 'name' | 'tenants'>, name: string): TenantSpec {
  const found = spec.tenants?.find((tenant) => tenant.name === name);
  if (found) return found;
  throw unknownTenant(spec.name, name, spec.tenants?.map((tenant) => tenant.name) ?? []);
}

export function unknownTenant(cluster: string, name: string, known: readonly string[]): UsageError {
  const near = nearest(name, known);
  return new UsageError(`${cluster} has no tenant called ${name}.`, {
    code: 'UNKNOWN_TENANT',
    hint:
      near === undefined
        ? `See those that there are: slipway tenant list ${cluster}`
        : `Did you mean ${near}? All that there are: slipway tenant list ${cluster}`,
  });
}

const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;

function readTenant(input: object): TenantSpec {
  const parsed = tenantSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw badTenant(
    describeIssues(parsed.error.issues, input, {}).map(({ path, message }) => `${pathText(path)}: ${message}`),
  );
}

function checked(spec: ClusterSpec, name: string): ClusterSpec {
  const tenants = spec.tenants!;
  const index = tenants.findIndex((tenant) => tenant.name === name);
  const problems = checkTenants(tenants, spec.network).filter(
    ({ path }) => path[0] === index || index < tenants.length - 1,
  );
  if (problems.length === 0) return spec;
  throw badTenant(
    problems.map(({ path: [at, ...inside], message, value }) => {
      const whose = tenants[Number(at)]!.name;
      const where = whose === name ? pathText(inside) : `${whose}: ${pathText(inside)}`;
      return `${where}: ${value === undefined ? '' : `${shortValue(value)} is not allowed: `}${message}`;
    }),
  );
}

const badTenant = (lines: readonly string[]): UsageError =>
  new UsageError(lines.length === 1 ? lines[0]! : `The tenant has ${lines.length} problems.`, {
    code: 'BAD_TENANT',
    details: lines.length === 1 ? [] : lines,
    hint: 'docs/guides/tenants.md tells what a tenant may be.',
  });
