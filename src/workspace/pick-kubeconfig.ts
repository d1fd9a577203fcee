import { parse, stringify } from 'yaml';
import { z } from 'zod';

import { markIn } from '../domain/kubeconfig-mark.js';
import { UsageError } from '../errors/index.js';

const named = z.array(z.looseObject({ name: z.string() }));
const schema = z.object({
  'current-context': z.string().optional(),
  clusters: named,
  users: named,
  contexts: z.array(
    z.looseObject({ name: z.string(), context: z.looseObject({ cluster: z.string(), user: z.string() }) }),
  ),
});

/**
 * A kubeconfig with nothing but the entries that Slipway marked as a cluster's own; undefined where there are none. A person's
 * file leads to other clusters, too, and those are never asked.
 */
export function markedKubeconfig(text: string, cluster: string): string | undefined {
  return pick(text, ({ context }) => markIn(context['extensions'])?.cluster === cluster);
}

/**
 * The same, or the file's current context where nothing is marked.
 * @throws UsageError code KUBECONFIG_INVALID
 */
export function givenKubeconfig(path: string, text: string, cluster: string): string {
  const current = read(text)?.['current-context'];
  const found = markedKubeconfig(text, cluster) ?? pick(text, ({ name }) => name === current);
  if (found !== undefined) return found;
  throw new UsageError(`${path} is no kubeconfig, or has neither entries of ${cluster} nor a current context.`, {
    code: 'KUBECONFIG_INVALID',
    hint: 'Name a kubeconfig of the cluster, such as /etc/rancher/k3s/k3s.yaml of a server with its address in it.',
  });
}

type Config = z.output<typeof schema>;

function pick(text: string, isMeant: (context: Config['contexts'][number]) => boolean): string | undefined {
  const config = read(text);
  const context = config?.contexts.find(isMeant);
  const cluster = config?.clusters.find(({ name }) => name === context?.context.cluster);
  const user = config?.users.find(({ name }) => name === context?.context.user);
  if (!context || !cluster || !user) return undefined;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [cluster],
      users: [user],
      contexts: [context],
      'current-context': context.name,
    },
    { lineWidth: 0 },
  );
}

function read(text: string): Config | undefined {
  try {
    return schema.safeParse(parse(text)).data;
  } catch {
    return undefined;
  }
}
