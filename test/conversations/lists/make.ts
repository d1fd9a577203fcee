import type { Exchange } from '../../support/conversations.js';

type More = Partial<Omit<Exchange, 'name' | 'method' | 'path' | 'body'>>;

const json = 'application/json';
const tableForm = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export const get = (name: string, path: string, more: More = {}): Exchange => ({ name, method: 'GET', path, ...more });
export const post = (name: string, path: string, body: unknown, more: More = {}): Exchange => ({
  name,
  method: 'POST',
  path,
  body,
  ...more,
});
export const put = (name: string, path: string, body: unknown, more: More = {}): Exchange => ({
  name,
  method: 'PUT',
  path,
  body,
  ...more,
});
export const remove = (name: string, path: string, body?: unknown, more: More = {}): Exchange => ({
  name,
  method: 'DELETE',
  path,
  ...(body === undefined ? {} : { body }),
  ...more,
});

const patch =
  (type: string) =>
  (name: string, path: string, body: unknown, more: More = {}): Exchange => ({
    name,
    method: 'PATCH',
    path,
    body,
    ...more,
    headers: { 'content-type': type, ...more.headers },
  });
export const mergePatch = patch('application/merge-patch+json');
export const jsonPatch = patch('application/json-patch+json');
export const strategicPatch = patch('application/strategic-merge-patch+json');
/** Server-side apply. */
export const apply = (
  name: string,
  path: string,
  manager: string,
  body: unknown,
  { force = false, ...more }: More & { readonly force?: boolean } = {},
): Exchange =>
  patch('application/apply-patch+yaml')(
    name,
    `${path}?fieldManager=${manager}${force ? '&force=true' : ''}`,
    body,
    more,
  );

/** As kubectl asks for what people read. */
export const table = (name: string, path: string, more: More = {}): Exchange =>
  get(name, path, { ...more, headers: { accept: tableForm } });

export const namespaced = (namespace: string, plural: string, name = '', group = 'api/v1'): string =>
  `/${group}/namespaces/${namespace}/${plural}${name === '' ? '' : `/${name}`}`;

export const object = (apiVersion: string, kind: string, name: string, rest: object = {}): object => ({
  apiVersion,
  kind,
  metadata: { name },
  ...rest,
});
export const configMap = (name: string, data: Readonly<Record<string, string>>, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

/** A namespace of the conversation's own; its default ServiceAccount is there once this is through. */
export const makeNamespace = (name: string): readonly Exchange[] => [
  post('namespace', '/api/v1/namespaces', object('v1', 'Namespace', name), { keep: ['/kind', '/metadata/name'] }),
];
export const dropNamespace = (name: string): readonly Exchange[] => [
  remove('drop namespace', `/api/v1/namespaces/${name}`),
  get('namespace is gone', `/api/v1/namespaces/${name}`, { until: { status: 404 } }),
];
export const yaml = { 'content-type': 'application/yaml' } as const;
export { json };
