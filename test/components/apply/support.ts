import { ChartFaults, HelmController, HelmProgram, imageTrouble } from '../../../providers/sandbox/helm/index.js';
import { ownedByCluster } from '../../../src/components/instance.js';
import type { RenderedComponent } from '../../../src/components/types.js';
import { systemClock } from '../../../src/domain/clock.js';
import type { Kube, KubeObject } from '../../../src/kube/types.js';
import type { ComponentRun, ComponentTools } from '../../../src/components/apply/tools.js';
import { readyNode, SandboxKube } from '../../support/sandbox-kube.js';

export interface Bench {
  readonly cluster: SandboxKube;
  readonly kube: Kube;
  readonly faults: ChartFaults;
  readonly tools: ComponentTools;
  readonly warnings: string[];
  readonly run: ComponentRun;
  readonly said: string[];
}

/** A cluster of one node with k3s's helm controller, and what components are applied with. */
export async function bench(): Promise<Bench> {
  const faults = new ChartFaults();
  const cluster = await SandboxKube.start(1, {
    programs: (server) => [new HelmProgram(() => server.controllers.cluster, faults), imageTrouble(faults)],
  });
  const helm = new HelmController(() => cluster.api.controllers.cluster, true);
  cluster.api.store.watch((change) => helm.seen(change));
  cluster.put(readyNode('node-1'));
  const kube = await cluster.client();
  const warnings: string[] = [];
  const said: string[] = [];
  return {
    cluster,
    kube,
    faults,
    warnings,
    said,
    tools: {
      cluster: 'demo',
      kube,
      clock: systemClock,
      archives: { definitions: async () => [] },
      warn: (text) => void warnings.push(text),
    },
    run: { signal: new AbortController().signal, progress: (text) => void said.push(text) },
  };
}

export const map = (name: string, data: Record<string, string> = {}, namespace = 'traefik'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

/** Traefik as a component: a chart with one Deployment. */
export function traefik(change: Partial<RenderedComponent> = {}, spec: object = {}): RenderedComponent {
  return {
    id: 'traefik',
    definition: 'traefik',
    owner: ownedByCluster,
    title: 'Traefik',
    requests: { cpuMilli: 0, memoryMiB: 0, volumes: [] },
    namespace: 'traefik',
    version: '41.3.0',
    waitsFor: [],
    before: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'traefik' } }],
    chart: {
      apiVersion: 'helm.cattle.io/v1',
      kind: 'HelmChart',
      metadata: { name: 'traefik', namespace: 'kube-system' },
      spec: {
        chart: 'traefik',
        repo: 'https://traefik.github.io/charts',
        version: '41.3.0',
        targetNamespace: 'traefik',
        valuesContent: 'deployment: {replicas: 1}\nservice: {spec: {type: ClusterIP}}\n',
        backOffLimit: 2,
        failurePolicy: 'abort',
        timeout: '5m0s',
        ...spec,
      },
    },
    crds: undefined,
    objects: [map('extra', { key: 'one' })],
    health: [{ kind: 'Deployment', name: 'traefik', namespace: 'traefik' }],
    ...change,
  };
}
