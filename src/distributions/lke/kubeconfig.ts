import { parse } from 'yaml';
import { z } from 'zod';

import type { Secret } from '../../domain/secret.js';
import { IncompleteError, UnexpectedError } from '../../errors/index.js';
import { ownKubeconfig } from '../../workspace/own-kubeconfig.js';
import type { KubeconfigSource } from '../port.js';
import { managedBy } from './context.js';

const given = z.object({
  clusters: z.tuple(
    [z.object({ cluster: z.object({ 'certificate-authority-data': z.string().min(1), server: z.url() }) })],
    z.unknown(),
  ),
  users: z.tuple([z.object({ user: z.object({ token: z.string().min(1) }) })], z.unknown()),
});

/** LKE's own kubeconfig as Slipway keeps it. @throws UnexpectedError code BAD_KUBECONFIG */
export function kubeconfigFor(cluster: string, raw: Secret): Secret {
  const parsed = given.safeParse(parsedYaml(raw));
  if (!parsed.success) {
    throw new UnexpectedError('The kubeconfig that LKE gave cannot be used.', {
      code: 'BAD_KUBECONFIG',
      hint: 'Look at it in the Cloud Manager; it should name a server, its authority and a token.',
      details: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    });
  }
  const [{ cluster: entry }] = parsed.data.clusters;
  const authority = { 'certificate-authority-data': entry['certificate-authority-data'] };
  const [{ user }] = parsed.data.users;
  return ownKubeconfig({ cluster, servers: [entry.server], authority, user: { token: user.token } });
}

function parsedYaml(raw: Secret): unknown {
  try {
    return parse(raw.reveal());
  } catch {
    return undefined;
  }
}

/** LKE gives it to whoever has a token of the account. */
export const kubeconfigSource: KubeconfigSource = {
  from: 'provider',
  async fetch(provider, cluster, options) {
    const lke = managedBy(provider);
    const found = await lke.find(cluster, options);
    const raw = found && (await lke.kubeconfig(found.id, options));
    if (raw) return kubeconfigFor(cluster.name, raw);
    throw new IncompleteError(`${provider.title} gives no kubeconfig of ${cluster.name} yet.`, {
      code: 'NO_KUBECONFIG',
      hint: 'It takes LKE some minutes after a cluster was made. Wait, then run the same command again.',
    });
  },
};
