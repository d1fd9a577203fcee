import { isMap, isSeq, parseDocument, type Document, type YAMLMap } from 'yaml';

import type { TenantInput } from '../domain/spec/tenants.js';
import { UsageError } from '../errors/index.js';

/** What a command says of a tenant; what is undefined stays as it is. */
export interface TenantChange {
  readonly domains?: readonly string[] | undefined;
  readonly quota?:
    { readonly [Key in keyof NonNullable<TenantInput['quota']>]?: string | number | undefined } | undefined;
  readonly suspended?: boolean | undefined;
}

export type TenantEdit =
  | { readonly kind: 'add'; readonly name: string; readonly change: TenantChange }
  | { readonly kind: 'change'; readonly name: string; readonly change: TenantChange }
  | { readonly kind: 'remove'; readonly name: string };

/**
 * A cluster file's text with one tenant changed; comments and everything else stay.
 * @throws UsageError code TENANT_NOT_IN_FILE
 */
export function editTenants(text: string, edit: TenantEdit): string {
  const document = parseDocument(text);
  const tenants = document.get('tenants');
  if (edit.kind === 'add') {
    const entry = document.createNode({ name: edit.name, ...asWritten(edit.change) });
    if (isSeq(tenants)) tenants.add(entry);
    else document.set('tenants', document.createNode([entry]));
    return written(document, text);
  }
  const index = isSeq(tenants) ? tenants.items.findIndex((item) => isMap(item) && item.get('name') === edit.name) : -1;
  if (index < 0) throw notInFile(edit.name);
  if (edit.kind === 'change') applyChange(document, document.getIn(['tenants', index]) as YAMLMap, edit.change);
  else if ((tenants as { items: unknown[] }).items.length === 1) document.delete('tenants');
  else document.deleteIn(['tenants', index]);
  return written(document, text);
}

/** Whether a cluster file's text has a tenant itself, and the folder that it names for others. */
export function tenantsOfText(text: string): {
  readonly names: readonly string[];
  readonly folder: string | undefined;
} {
  const data = parseDocument(text).toJS() as Readonly<Record<string, unknown>> | null;
  const listed = Array.isArray(data?.['tenants']) ? (data['tenants'] as readonly unknown[]) : [];
  const folder = data?.['tenantsFrom'];
  return {
    names: listed.flatMap((one) =>
      typeof one === 'object' && one !== null && 'name' in one && typeof one.name === 'string' ? [one.name] : [],
    ),
    folder: typeof folder === 'string' ? folder : undefined,
  };
}

/** Text of a file for one tenant. */
export function tenantFileText(name: string, change: TenantChange): string {
  const document = parseDocument('apiVersion: slipway.dev/v1\nkind: Tenant\n');
  for (const [key, value] of Object.entries({ name, ...asWritten(change) }))
    document.set(key, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}

/** The text of a tenant's own file with changes; comments and everything else stay. */
export function editTenantFile(text: string, change: TenantChange): string {
  const document = parseDocument(text);
  applyChange(document, document.contents as YAMLMap, change);
  return written(document, text);
}

function applyChange(document: Document, tenant: YAMLMap, change: TenantChange): void {
  const { quota, ...rest } = asWritten(change);
  for (const [key, value] of Object.entries(rest)) tenant.set(key, document.createNode(value, { flow: true }));
  for (const [key, value] of Object.entries(quota ?? {})) tenant.setIn(['quota', key], value);
  // The default: what is not suspended does not say so.
  if (change.suspended === false) tenant.delete('suspended');
}

/** Without what is not said. */
function asWritten({ domains, quota, suspended }: TenantChange): TenantChange {
  const said = Object.fromEntries(Object.entries(quota ?? {}).filter(([, value]) => value !== undefined));
  return {
    ...(domains === undefined ? {} : { domains }),
    ...(Object.keys(said).length === 0 ? {} : { quota: said }),
    ...(suspended === undefined ? {} : { suspended }),
  };
}

/** Written back as this person writes: `{a: 1}` or `{ a: 1 }`, and no line folded that was not. */
const written = (document: Document, text: string): string =>
  document.toString({ flowCollectionPadding: text.includes('{ '), lineWidth: 0 });

const notInFile = (name: string): UsageError =>
  new UsageError(`The cluster file has no tenant called ${name} in a form that can be edited.`, {
    code: 'TENANT_NOT_IN_FILE',
    hint: 'Change the file by hand, then: slipway cluster apply',
  });
