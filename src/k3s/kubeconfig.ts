import { parse, stringify } from 'yaml';
import { z } from 'zod';

import { Secret } from '../domain/secret.js';
import { UnexpectedError } from '../errors/index.js';

const written = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ 'certificate-authority-data': z.string().min(1) }) })]),
  users: z.tuple([
    z.object({
      user: z.object({ 'client-certificate-data': z.string().min(1), 'client-key-data': z.string().min(1) }),
    }),
  ]),
});

export interface KubeconfigNames {
  /** Name of cluster, user and the first context. */
  readonly cluster: string;
  /** Addresses of the API, the one to use first in front: `https://203.0.113.1:6443`. Never empty. */
  readonly servers: readonly string[];
  /** Which of `servers` the current context is; the first unless said otherwise. */
  readonly current?: string | undefined;
}

/**
 * k3s's own kubeconfig with the cluster's name and one context for each server, so that `kubectl --context demo-2`
 * works while the first server is away: `demo`, `demo-2`, `demo-3` …
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
  const nameOf = (index: number): string => (index === 0 ? cluster : `${cluster}-${index + 1}`);
  const text = stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: servers.map((server, index) => ({ name: nameOf(index), cluster: { server, ...clusters[0].cluster } })),
      users: [{ name: cluster, user: users[0].user }],
      contexts: servers.map((_, index) => ({
        name: nameOf(index),
        context: { cluster: nameOf(index), user: cluster },
      })),
      'current-context': nameOf(Math.max(0, current === undefined ? 0 : servers.indexOf(current))),
    },
    { lineWidth: 0 },
  );
  return new Secret(text);
}

function parsedYaml(raw: Secret): unknown {
  try {
    return parse(raw.reveal());
  } catch {
    return undefined;
  }
}
