import { isMap, type Obj } from '../objects.js';
import { labelTexts } from '../selectors.js';

export interface Column {
  readonly name: string;
  readonly type?: string;
  readonly format?: string;
  /** What kubectl explains of it; where nothing is said, its name. */
  readonly description?: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority?: number;
  read(object: Obj, now: number): unknown;
}

type Read = Column['read'];

export const column = (name: string, read: Read): Column => ({ name, read });
export const integer = (name: string, read: Read): Column => ({ name, type: 'integer', read });
export const boolean = (name: string, read: Read): Column => ({ name, type: 'boolean', read });
/** The same, shown only with `-o wide`. */
export const wide = (one: Column): Column => ({ ...one, priority: 1 });

/** The value at a dotted path. */
export const dig = (object: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((at, key) => (isMap(at) || Array.isArray(at) ? (at as never)[key] : undefined), object);

/** A text there, or what stands for none. */
export function text(object: unknown, path: string, fallback = ''): string {
  const value = dig(object, path);
  return (typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : fallback;
}

export const count = (object: unknown, path: string): number => Number(dig(object, path) ?? 0);
export const isSet = (object: unknown, path: string): boolean => dig(object, path) === true;
export const maps = (object: unknown, path: string): readonly Readonly<Record<string, unknown>>[] => {
  const value = dig(object, path);
  return Array.isArray(value) ? (value as unknown[]).filter(isMap) : [];
};
export const texts = (object: unknown, path: string): readonly string[] => {
  const value = dig(object, path);
  return Array.isArray(value) ? (value as unknown[]).map(String) : [];
};

/** The first ones, and how many more there are. */
export const firstOf = (list: readonly string[], most: number, separator = ',', all = list.length): string =>
  list.slice(0, most).join(separator) + (all > most ? ` + ${all - most} more...` : '');

/** `5d3h`: what people need of a duration. */
export function duration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const parts = (whole: number, unit: string, rest: number, restUnit: string): string =>
    rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return parts(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return parts(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 24 * 8) return parts(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return days < 365 * 8 ? parts(years, 'y', days % 365, 'd') : `${years}y`;
}

/** How long ago a time was. */
export const age = (stamp: unknown, now: number): string =>
  typeof stamp === 'string' && stamp !== '' ? duration(now - Date.parse(stamp)) : '<unknown>';

export const nameColumn: Column = {
  name: 'Name',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  read: (object) => object.metadata.name,
};
export const ageColumn: Column = {
  name: 'Age',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  read: (object, now) => age(object.metadata.creationTimestamp, now),
};

/** A selector of labels, as text. */
export const selectorText = (selector: unknown): string => labelTexts(selector) || '<none>';
export const labelsText = (labels: unknown): string =>
  Object.entries(isMap(labels) ? labels : {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(',') || '<none>';

/** Names and images of the containers of a template. */
export const containerColumns = (template: string): readonly Column[] =>
  (['Containers', 'Images'] as const).map((name) =>
    wide(
      column(name, (one) =>
        maps(one, `${template}.spec.containers`)
          .map((container) => text(container, name === 'Images' ? 'image' : 'name'))
          .join(','),
      ),
    ),
  );

/** Addresses that a balancer has, each once. */
export const balancerText = (object: Obj): string =>
  [...new Set(maps(object, 'status.loadBalancer.ingress').map((one) => text(one, 'ip') || text(one, 'hostname')))]
    .filter((one) => one !== '')
    .sort()
    .join(',');
