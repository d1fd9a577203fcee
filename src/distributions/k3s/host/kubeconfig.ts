import { parse } from 'yaml';
import { z } from 'zod';

import type { Secret } from '../../../domain/secret.js';
import { UnexpectedError } from '../../../errors/index.js';
import { type KubeconfigParts, ownKubeconfig } from '../../../workspace/own-kubeconfig.js';

const written = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ 'certificate-authority-data': z.string().min(1) }) })]),
  users: z.tuple([
    z.object({
      user: z.object({ 'client-certificate-data': z.string().min(1), 'client-key-data': z.string().min(1) }),
    }),
  ]),
});

/**
 * k3s's own kubeconfig with the cluster's name and addresses.
 * @throws UnexpectedError code BAD_KUBECONFIG
 */
export function kubeconfigFor(raw: Secret, names: Omit<KubeconfigParts, 'authority' | 'user'>): Secret {
  const parsed = written.safeParse(parsedYaml(raw));
  if (!parsed.success || names.servers.length === 0) {
    throw new UnexpectedError('The kubeconfig that k3s wrote cannot be used.', {
      code: 'BAD_KUBECONFIG',
      hint: 'Look at /etc/rancher/k3s/k3s.yaml on a server.',
      details: parsed.success
        ? ['no server address is known']
        : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    });
  }
  const { clusters, users } = parsed.data;
  return ownKubeconfig({ ...names, authority: clusters[0].cluster, user: users[0].user });
}

function parsedYaml(raw: Secret): unknown {
  try {
    return parse(raw.reveal());
  } catch {
    return undefined;
  }
}
