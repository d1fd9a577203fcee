import { parse, stringify } from 'yaml';
import { z } from 'zod';

import { caFingerprint, markExtensions, markIn } from '../domain/kubeconfig-mark.js';
import { Secret } from '../domain/secret.js';
import { UsageError } from '../errors/index.js';

const authority = z.object({
  'certificate-authority-data': z.string().min(1),
  extensions: z
    .unknown()
    .refine((found) => markIn(found) === undefined)
    .optional(),
});

const saved = z.object({
  clusters: z.array(z.object({ cluster: z.object({ server: z.string(), extensions: z.unknown().optional() }) })).min(1),
});

/** As earlier versions wrote it. */
const unmarked = z.object({
  clusters: z.tuple([z.object({ name: z.string(), cluster: authority })], z.unknown()),
  users: z.tuple([z.object({ user: z.record(z.string(), z.unknown()) })]),
});

/** What a cluster's kubeconfig is made of. */
export interface KubeconfigParts {
  /** Name of cluster, user and context. */
  readonly cluster: string;
  /** Addresses of the API, the one to use first in front: `https://203.0.113.1:6443`. Never empty. */
  readonly servers: readonly string[];
  /** Which of `servers` kubectl asks; the first unless said otherwise. */
  readonly current?: string | undefined;
  /** The entry of its cluster, its address aside. */
  readonly authority: { readonly 'certificate-authority-data': string };
  readonly user: Readonly<Record<string, unknown>>;
}

/**
 * A kubeconfig as Slipway keeps it: one context, as a second one would need a name that another cluster may have. Further
 * addresses of the API stand in our extension of the cluster's entry. Every entry carries our mark.
 */
export function ownKubeconfig({ cluster, servers, current, authority, user }: KubeconfigParts): Secret {
  const first = current ?? servers[0]!;
  const mark = { cluster, ca: caFingerprint(authority['certificate-authority-data']) };
  const spare = servers.filter((server) => server !== first);
  const text = stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: cluster,
          cluster: { ...authority, server: first, extensions: markExtensions({ ...mark, servers: spare }) },
        },
      ],
      users: [{ name: cluster, user: { ...user, extensions: markExtensions(mark) } }],
      contexts: [{ name: cluster, context: { cluster, user: cluster, extensions: markExtensions(mark) } }],
      'current-context': cluster,
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
  return new Secret(text);
}

/** Every address of the API that a saved kubeconfig knows, the one it asks first in front; in the form of earlier versions too. */
export function apiAddresses(kubeconfig: Secret | undefined): readonly string[] {
  const found = saved.safeParse(kubeconfig && parsedYaml(kubeconfig));
  if (!found.success) return [];
  return found.data.clusters.flatMap(({ cluster }) => [cluster.server, ...(markIn(cluster.extensions)?.servers ?? [])]);
}

/**
 * A saved kubeconfig in today's form. Earlier versions had a cluster and a context NAME-2, NAME-3 for each further server,
 * and no mark.
 */
export function inCurrentForm(kubeconfig: Secret): Secret {
  const found = unmarked.safeParse(parsedYaml(kubeconfig));
  if (!found.success) return kubeconfig;
  const [{ name, cluster: authority }] = found.data.clusters;
  const [{ user }] = found.data.users;
  return ownKubeconfig({ cluster: name, servers: apiAddresses(kubeconfig), authority, user });
}

/**
 * A kubeconfig of ours that asks another of the API's addresses; the one it asked becomes a spare one.
 * @throws UsageError code UNKNOWN_SERVER
 */
export function withServer(kubeconfig: Secret, server: string): Secret {
  const config = parsedYaml(kubeconfig) as { clusters: { cluster: { server: string; extensions?: unknown } }[] };
  const cluster = config.clusters[0]!.cluster;
  const mark = markIn(cluster.extensions);
  const servers = [cluster.server, ...(mark?.servers ?? [])];
  const named = servers.find((one) => one === server || new URL(one).hostname === server);
  if (named === undefined) {
    throw new UsageError(`${server} is not an address of this cluster’s API.`, {
      code: 'UNKNOWN_SERVER',
      hint: `Known: ${servers.join(', ')}.`,
    });
  }
  cluster.server = named;
  if (mark) {
    const spare = servers.filter((one) => one !== named);
    cluster.extensions = markExtensions({ cluster: '', ca: '', ...mark, servers: spare });
  }
  return new Secret(stringify(config, { lineWidth: 0, aliasDuplicateObjects: false }));
}

function parsedYaml(raw: Secret): unknown {
  try {
    return parse(raw.reveal());
  } catch {
    return undefined;
  }
}

/**
 * A kubeconfig of somebody who has rights in one namespace, to the same API as the cluster's own.
 * @param own the cluster's, as it is kept
 * @throws UsageError code KUBECONFIG_INVALID
 */
export function namespaceKubeconfig(
  own: Secret,
  { name, namespace, token }: { readonly name: string; readonly namespace: string; readonly token: Secret },
): Secret {
  const parsed = z
    .object({
      clusters: z
        .array(
          z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string().optional() }) }),
        )
        .min(1),
    })
    .safeParse(parse(own.reveal()));
  if (!parsed.success)
    throw new UsageError('The cluster’s own kubeconfig names no address of its API.', {
      code: 'KUBECONFIG_INVALID',
      hint: 'Fetch it again: slipway cluster adopt',
    });
  const { cluster } = parsed.data.clusters[0]!;
  return new Secret(
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [{ name, cluster }],
      users: [{ name, user: { token: token.reveal() } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    }),
  );
}
