type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const masks: Readonly<Record<string, string>> = {
  uid: '<uid>',
  resourceVersion: '<version>',
  podIP: '<ip>',
  hostIP: '<ip>',
  ip: '<ip>',
  clusterIP: '<ip>',
  continue: '<continue>',
  'pod-template-hash': '<hash>',
};
const time = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/**
 * What two servers must have in common: identities, versions, times, addresses and random parts of names are
 * replaced by a word, and the prose of table columns is left out.
 */
export function normalise(value: unknown): unknown {
  return masked(value as Json, '');
}

function masked(value: Json, key: string): Json {
  if (typeof value === 'string') {
    const mask = masks[key.slice(key.lastIndexOf('/') + 1)];
    if (mask !== undefined && value !== '' && value !== 'None') return mask;
    return value.replaceAll(time, '<time>').replaceAll(uuid, '<uid>');
  }
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    if (key === 'clusterIPs' || key === 'podIPs' || key === 'hostIPs') return list.map(() => '<ip>');
    return (key.endsWith('managedFields') ? asked(list) : list).map((item) => masked(item, ''));
  }
  if (value === null || typeof value !== 'object') return value;
  const object = value as Readonly<Record<string, Json>>;
  const entries = Object.entries(object).map(
    ([name, inner]) => [name.replaceAll(uuid, '<uid>'), masked(inner, name)] as const,
  );
  const result = Object.fromEntries(entries) as Record<string, Json>;
  maskGeneratedName(result);
  return result['kind'] === 'Table' ? table(result) : result;
}

function maskGeneratedName(object: Record<string, Json>): void {
  const { generateName, name } = object;
  if (typeof generateName === 'string' && typeof name === 'string' && name.startsWith(generateName)) {
    object['name'] = `${generateName}<random>`;
  }
}

/**
 * Who wrote which field, in the order of their names: the server's goes by the second in which they wrote. Without what
 * controllers wrote: they do it when they come to it.
 */
function asked(entries: readonly Json[]): readonly Json[] {
  const key = (entry: Json): string => {
    const { manager, operation, subresource } = entry as Readonly<Record<string, Json>>;
    return JSON.stringify([manager, operation, subresource]);
  };
  return entries
    .filter((entry) => !controllers.has(String((entry as { readonly manager?: string }).manager)))
    .sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
const controllers = new Set(['k3s', 'kube-controller-manager', 'kube-scheduler', 'kubelet']);

/** Ages pass, and descriptions are prose. */
function table(object: Readonly<Record<string, Json>>): Json {
  const columns = (object['columnDefinitions'] ?? []) as readonly Readonly<Record<string, Json>>[];
  const rows = (object['rows'] ?? []) as readonly Readonly<Record<string, Json>>[];
  const passing = new Set([
    'Age',
    'Last Schedule',
    'Duration',
    'First Seen',
    'Last Seen',
    'Cluster-IP',
    'IP',
    'Created At',
  ]);
  return {
    ...object,
    columnDefinitions: columns.map(({ name, type, format, priority }) => ({
      name: name ?? null,
      type: type ?? null,
      format: format ?? null,
      priority: priority ?? null,
    })),
    rows: rows.map((row) => ({
      ...row,
      cells: ((row['cells'] ?? []) as readonly Json[]).map((cell, i) => {
        const { name: given } = columns[i] ?? {};
        const name = typeof given === 'string' ? given : '';
        return passing.has(name) && cell !== 'None' ? `<${name.toLowerCase()}>` : cell;
      }),
    })),
  };
}

/** The value at a JSON pointer (RFC 6901), undefined when there is none. */
export function at(value: unknown, pointer: string): unknown {
  if (pointer === '') return value;
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((inner, part) => (inner as Record<string, unknown> | null | undefined)?.[part], value);
}

/** Where two JSON values differ: `/metadata/name: "a" is not "b"`. Empty when they are equal. */
export function differences(expected: unknown, actual: unknown, path = ''): string[] {
  if (Object.is(expected, actual)) return [];
  const both = [expected, actual];
  const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
  if (
    both.some((value) => typeof value !== 'object' || value === null) ||
    Array.isArray(expected) !== Array.isArray(actual)
  ) {
    return [`${path === '' ? '/' : path}: ${shown(actual)} is not ${shown(expected)}`];
  }
  const [left, right] = both as [Record<string, unknown>, Record<string, unknown>];
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return keys.flatMap((key) =>
    differences(left[key], right[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}
