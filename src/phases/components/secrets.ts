import type { ResolvedSecret } from '../../components/types.js';
import type { KubeObject } from '../../kube/types.js';
import { componentLabel } from './objects.js';

/** `namespace/name` */
export const secretKey = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

type Data = Readonly<Record<string, string>>;

const dataOf = (object: KubeObject | undefined): Data => (object?.['data'] ?? {}) as Data;

const encode = (value: string): string => Buffer.from(value, 'utf8').toString('base64');

/**
 * The Secrets of one component, those of the same name made one. Several components may need one Secret: each then
 * applies all of it, as a part would take the others' keys away.
 */
export function secretsFor(component: string, all: readonly ResolvedSecret[]): readonly ResolvedSecret[] {
  const own = new Set(all.filter((secret) => secret.component === component).map(secretKey));
  return [...own].map((key) =>
    all
      .filter((secret) => secretKey(secret) === key)
      .reduce((joined, next) => ({
        ...joined,
        component,
        data: { ...joined.data, ...next.data },
        drawn: [...new Set([...joined.drawn, ...next.drawn])],
      })),
  );
}

/** The object to apply. What was drawn once stays as the cluster has it. */
export function secretObject(secret: ResolvedSecret, live: KubeObject | undefined): KubeObject {
  const present = dataOf(live);
  const data = Object.fromEntries(
    Object.entries(secret.data).map(([key, value]) => {
      const kept = secret.drawn.includes(key) ? present[key] : undefined;
      return [key, kept ?? encode(value.reveal())];
    }),
  );
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret.name, namespace: secret.namespace, labels: { [componentLabel]: secret.component } },
    type: 'Opaque',
    data,
  };
}

/** Which Secrets and keys differ, never how: `~ Secret traefik/dns: token changed`. */
export function secretChanges(secrets: readonly ResolvedSecret[], live: ReadonlyMap<string, KubeObject>): string[] {
  return secrets.flatMap((secret) => {
    const found = live.get(secretKey(secret));
    if (!found) return [`+ Secret ${secretKey(secret)}`];
    const present = dataOf(found);
    const wanted = dataOf(secretObject(secret, found));
    const keys = Object.keys(wanted).filter((key) => wanted[key] !== present[key]);
    return keys.length === 0 ? [] : [`~ Secret ${secretKey(secret)}: ${keys.join(', ')} changed`];
  });
}
