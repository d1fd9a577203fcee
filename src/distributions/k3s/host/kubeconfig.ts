import { parse, stringify } from 'yaml';
import { z } from 'zod';

import { caFingerprint, markExtensions, markIn } from '../../../domain/kubeconfig-mark.js';
import { Secret } from '../../../domain/secret.js';
import { UnexpectedError, UsageError } from '../../../errors/index.js';

const written = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ 'certificate-authority-data': z.string().min(1) }) })]),
  users: z.tuple([
    z.object({
      user: z.object({ 'client-certificate-data': z.string().min(1), 'client-key-data': z.string().min(1) }),
    }),
  ]),
});

const saved = z.object({
  clusters: z.array(z.object({ cluster: z.object({ server: z.string(), extensions: z.unknown().optional() }) })).min(1),
});

export interface KubeconfigNames {
  /** Name of cluster, user and context. */
  readonly cluster: string;
  /** Addresses of the API, the one to use first in front: `https://203.0.113.1:6443`. Never empty. */
  readonly servers: readonly string[];
  /** Which of `servers` kubectl asks; the first unless said otherwise. */
  readonly current?: string | undefined;
}

/**
 * k3s's own kubeconfig with the cluster's name: one context, as a second one would need a name that another cluster may
 * have. Further addresses of the API stand in our extension of the cluster's entry. Every entry carries our mark.
 * @throws UnexpectedError code BAD_KUBECONFIG
 */
export function kubeconfigFor(raw: Secret, { cluster, servers, current }: KubeconfigNames): Secret {
  const parsed = written.safeParse(parsedYaml(raw));
  if (!parsed.success || servers.length === 0) {
    throw new UnexpectedError('The kubeconfig that k3s wrote cannot be used.', {
      code: 'BAD_KUBECONFIG',
      hint: 'Look at /etc/rancher/k3s/k3s.yaml on a server.',
      details: parsed.success
        ? ['no server address is known']
        : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    });
  }
  const { clusters, users } = parsed.data;
  const first = current ?? servers[0]!;
  const authority = clusters[0].cluster;
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
      users: [{ name: cluster, user: { ...users[0].user, extensions: markExtensions(mark) } }],
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
  const config = parsedYaml(kubeconfig);
  const found = saved.safeParse(config);
  if (!found.success || markIn(found.data.clusters[0]?.cluster.extensions)) return kubeconfig;
  const { clusters, users } = config as { clusters: [{ name: string }]; users: [unknown] };
  const first = new Secret(stringify({ clusters: [clusters[0]], users: [users[0]] }, { lineWidth: 0 }));
  return kubeconfigFor(first, { cluster: clusters[0].name, servers: apiAddresses(kubeconfig) });
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
