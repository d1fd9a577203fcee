import { randomUUID } from 'node:crypto';

import { ScaledClock } from '../../../../providers/sandbox/clock.js';
import { ChartFaults, HelmController, HelmProgram, imageTrouble } from '../../../../providers/sandbox/helm/index.js';
import { revisionsOf } from '../../../../providers/sandbox/helm/release.js';
import type { Program } from '../../../../providers/sandbox/kube-api/controllers/programs.js';
import { KubernetesServer, type Obj } from '../../../../providers/sandbox/kube-api/index.js';

const chartLabel = 'helmcharts.helm.cattle.io/chart';

/** A cluster of one node with k3s's helm controller, fast. */
export class HelmRig {
  readonly faults = new ChartFaults();
  readonly server: KubernetesServer;
  readonly #heard = new Map<string, string>();

  constructor(compares = true, more: (server: KubernetesServer) => readonly Program[] = () => []) {
    this.server = new KubernetesServer({
      version: 'v1.36.5+k3s1',
      clock: new ScaledClock(0.002),
      podStartMs: 3_000,
      podStopMs: 2_000,
      nodeLostMs: 1e12,
      ids: randomUUID,
      disabled: ['servicelb'],
      programs: (server) => [
        new HelmProgram(() => server.controllers.cluster, this.faults),
        imageTrouble(this.faults),
        ...more(server),
      ],
    });
    this.server.start();
    const helm = new HelmController(() => this.server.controllers.cluster, compares);
    this.server.store.watch((change) => {
      helm.seen(change);
      this.hear(change.object.metadata.labels?.[chartLabel]);
    });
    this.put({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: 'n1',
        labels: { 'kubernetes.io/os': 'linux', 'node-role.kubernetes.io/control-plane': 'true' },
      },
      spec: {},
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      },
    });
  }

  put(object: Obj): Obj {
    const { store } = this.server;
    const resource = store.resource(object.apiVersion, object.kind);
    const { name, namespace = '' } = object.metadata;
    const known = store.find(resource, namespace, name);
    return known
      ? store.update(resource, { ...known, ...object, metadata: { ...known.metadata, ...object.metadata } })
      : store.create(resource, object);
  }

  namespace(name: string): void {
    this.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, status: { phase: 'Active' } });
  }

  /** A HelmChart as Slipway writes it. */
  chart(name: string, spec: Record<string, unknown>): void {
    const common = { backOffLimit: 2, failurePolicy: 'abort', timeout: '5m' };
    const metadata = { name, namespace: 'kube-system' };
    this.put({ apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart', metadata, spec: { ...common, ...spec } });
  }

  get(apiVersion: string, kind: string, namespace: string, name: string): Obj | undefined {
    const resource = this.server.store.resources.byKind(apiVersion, kind);
    return resource && this.server.store.find(resource, namespace, name);
  }

  all(apiVersion: string, kind: string, namespace = ''): readonly Obj[] {
    const resource = this.server.store.resources.byKind(apiVersion, kind);
    return resource ? this.server.store.list(resource, namespace) : [];
  }

  job(name: string, verb: 'install' | 'delete' = 'install'): Obj | undefined {
    return this.get('batch/v1', 'Job', 'kube-system', `helm-${verb}-${name}`);
  }

  /** Status of each revision of a release: `1 superseded`. */
  revisions(namespace: string, name: string): readonly string[] {
    return revisionsOf(this.server.store, namespace, name).map(({ version, status }) => `${version} ${status}`);
  }

  /** What the pods of a release's jobs have written so far, gone ones too. */
  log(name: string): string {
    this.hear(name);
    return this.#heard.get(name) ?? '';
  }

  /** A pod may be gone, and its log with it, before anybody comes to look. */
  private hear(name: string | undefined): void {
    if (name === undefined) return;
    const { logs } = this.server.controllers;
    const heard = this.#heard.get(name) ?? '';
    const now = this.all('v1', 'Pod', 'kube-system')
      .filter(({ metadata }) => metadata.labels?.[chartLabel] === name)
      .map(({ metadata }) => `${logs.read(metadata.uid!, true) ?? ''}${logs.read(metadata.uid!, false) ?? ''}`)
      .join('');
    if (!heard.includes(now)) this.#heard.set(name, heard + now);
  }

  /** Everything but jobs, pods and what belongs to the helm controller: what a release may have made. */
  inventory(): readonly string[] {
    return this.server
      .snapshot()
      .objects.filter(({ metadata }) => metadata.annotations?.['meta.helm.sh/release-name'] !== undefined)
      .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
      .sort();
  }

  stop(): void {
    this.server.stop();
  }
}

export const conditionIs = (object: Obj | undefined, type: string): string | undefined =>
  ((object?.status?.['conditions'] ?? []) as { type: string; status: string }[]).find((one) => one.type === type)
    ?.status;

export const ready = (object: Obj | undefined): number =>
  Number(object?.status?.['readyReplicas'] ?? object?.status?.['numberReady'] ?? 0);
