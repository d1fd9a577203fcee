import { Secret } from '../../domain/index.js';
import { IncompleteError, RefusedError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import type { Streams } from '../../nats/types.js';

/** Where the component has it, and what its template calls its parts. */
const namespace = 'nats';
const labelSelector = 'app.kubernetes.io/name=nats,app.kubernetes.io/component=nats';
export const clientPort = 4222;
const user = 'backup';

interface PodObject extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/**
 * Works with the streams of the cluster’s NATS, over a way into one of its pods and as the user that may only copy streams.
 * @returns undefined where the cluster has no NATS
 * @throws RefusedError code NATS_NO_USER; IncompleteError code NATS_FAILED
 */
export async function withStreams<T>(
  kube: Kube,
  options: KubeOptions,
  work: (streams: Streams) => Promise<T>,
): Promise<T | undefined> {
  const there = await kube.get(
    { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'nats', namespace } },
    options,
  );
  if (!there) return undefined;
  const [login, pod] = await Promise.all([loginOf(kube, options), readyPod(kube, options)]);
  const way = await kube.forward(namespace, pod, clientPort, options);
  try {
    const { openStreams } = await import('../../nats/index.js');
    const streams = await openStreams({ host: way.host, port: way.port, login });
    try {
      return await work(streams);
    } finally {
      await streams.close();
    }
  } finally {
    way.close();
  }
}

/** The image that the cluster’s NATS runs; undefined where it has none. */
export async function natsImage(kube: Pick<Kube, 'get'>, options: KubeOptions): Promise<string | undefined> {
  const there = (await kube.get(
    { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'nats', namespace } },
    options,
  )) as SetObject | undefined;
  return there?.spec?.template?.spec?.containers?.find(({ name }) => name === 'nats')?.image;
}

interface SetObject extends KubeObject {
  readonly spec?: {
    readonly template?: {
      readonly spec?: { readonly containers?: readonly { readonly name: string; readonly image: string }[] };
    };
  };
}

async function loginOf(
  kube: Pick<Kube, 'get'>,
  options: KubeOptions,
): Promise<{ readonly user: string; readonly password: Secret } | undefined> {
  const secret = (name: string) =>
    kube.get({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } }, options);
  const mine = (await secret('nats-backup')) as
    (KubeObject & { readonly data?: { readonly password?: string } }) | undefined;
  const password = mine?.data?.password;
  if (password !== undefined) return { user, password: new Secret(Buffer.from(password, 'base64').toString('utf8')) };
  // Without either, it trusts everybody who reaches it.
  if (!(await secret('nats-auth'))) return undefined;
  throw new RefusedError('NATS has no user for backups yet: it was installed before there was one.', {
    code: 'NATS_NO_USER',
    hint: 'Bring the component up to date: slipway cluster apply',
  });
}

async function readyPod(kube: Pick<Kube, 'list'>, options: KubeOptions): Promise<string> {
  const pods = (await kube.list('v1', 'Pod', { namespace, labelSelector }, options)) as readonly PodObject[];
  const ready = pods.find(({ status }) =>
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  );
  if (ready) return ready.metadata.name;
  throw new IncompleteError('No pod of NATS is Ready.', {
    code: 'NATS_FAILED',
    hint: 'See how NATS is: slipway component status, then run the same command again.',
  });
}
