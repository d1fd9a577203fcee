import { cli, kubeNow, signal } from './recycled-cluster.js';

interface Balancer {
  readonly id: number;
  readonly name: string;
  readonly public_net: { readonly ipv4: { readonly ip: string } };
}
interface Volume {
  readonly id: number;
  readonly name: string;
}

const metadata = { name: 'kept', namespace: 'default' };

/** A pod with a volume, and a Service that the cloud gives an address to. */
export async function keepData(): Promise<void> {
  const kube = await kubeNow();
  const template = {
    metadata: { labels: { app: 'kept' } },
    spec: {
      containers: [{ name: 'main', image: 'nginx' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'kept' } }],
    },
  };
  const claim = {
    storageClassName: 'hcloud-volumes',
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '10Gi' } },
  };
  const selector = { matchLabels: { app: 'kept' } };
  const service = {
    ...metadata,
    annotations: { 'load-balancer.hetzner.cloud/location': 'fsn1' },
  };
  try {
    await kube.apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claim }, { signal });
    const set = { serviceName: 'kept', replicas: 1, selector, template };
    await kube.apply({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: set }, { signal });
    const spec = { type: 'LoadBalancer', selector: { app: 'kept' }, ports: [{ port: 80 }] };
    await kube.apply({ apiVersion: 'v1', kind: 'Service', metadata: service, spec }, { signal });
    const ready = { signal, deadlineMs: 60_000, hint: 'Look at the sandbox.' };
    const kinds = [
      { apiVersion: 'v1', kind: 'Service' },
      { apiVersion: 'v1', kind: 'Pod' },
    ] as const;
    const code = 'NODE_TIMEOUT' as const;
    await kube.until(
      {
        what: 'a pod that runs and a Service with an address',
        code,
        kinds,
        check: (view) => {
          const pod = view.get({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'kept-0', namespace: 'default' } });
          const runs = (pod?.['status'] as { phase?: string } | undefined)?.phase === 'Running';
          return runs && addressOf(view.get({ apiVersion: 'v1', kind: 'Service', metadata })) ? true : undefined;
        },
      },
      ready,
    );
  } finally {
    kube.close();
  }
}

const addressOf = (service: object | undefined): string | undefined =>
  (service as { status?: { loadBalancer?: { ingress?: { ip?: string }[] } } } | undefined)?.status?.loadBalancer
    ?.ingress?.[0]?.ip;

/** What users of a cluster know of it, and where their data are. */
export async function whatStays() {
  const kube = await kubeNow();
  try {
    const service = await kube.get({ apiVersion: 'v1', kind: 'Service', metadata }, { signal });
    const claim = await kube.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata }, { signal });
    const balancers = await cli.cloud<Balancer>('load_balancers');
    return {
      address: addressOf(service),
      balancers: balancers.map(({ id, public_net: net }) => ({ id, service: net.ipv4.ip })),
      claim: (claim?.['spec'] as { volumeName?: string } | undefined)?.volumeName,
      volumes: (await cli.cloud<Volume>('volumes')).map(({ id }) => id).sort(),
    };
  } finally {
    kube.close();
  }
}
