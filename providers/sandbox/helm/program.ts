import type { ClusterState } from '../kube-api/controllers/cluster.js';
import type { Program, ProgramRun } from '../kube-api/controllers/programs.js';
import type { Obj } from '../kube-api/objects.js';
import type { ChartFaults } from './faults.js';
import {
  applyManifest,
  assertKinds,
  assertOwnership,
  HelmError,
  marked,
  prune,
  removeAll,
  sameObject,
} from './install.js';
import { type HelmOrder, isHelmPod, orderOf, valuesOf } from './job-pod.js';
import { findChart } from './registry.js';
import { dropRevisions, type Revision, revisionsOf, type ReleaseStatus, storeRevision } from './release.js';
import { type ChartDefinition, TemplateError } from './types.js';
import { mergeValues } from './values.js';

/** How long helm is at work, and how long until it gives up early. */
export const workMs = 4_000;
const refusalMs = 1_000;

type Log = (line: string) => void;

/** The container of the helm controller's jobs: its script, and helm. */
export class HelmProgram implements Program {
  constructor(
    private readonly cluster: () => ClusterState,
    private readonly faults: ChartFaults,
  ) {}

  matches(pod: Obj): boolean {
    return isHelmPod(pod);
  }

  start(pod: Obj, log: Log): ProgramRun {
    const cluster = this.cluster();
    const order = orderOf(pod);
    const end = (exit: number): ProgramRun => ({ kind: 'ends', afterMs: refusalMs, end: () => exit });
    log(`+ helm status --namespace ${order.namespace} ${order.name} --output json`);
    const last = revisionsOf(cluster.store, order.namespace, order.name).at(-1);
    if (order.verb === 'delete') return this.#delete(cluster, order, last, log);
    if (!last) return this.#work(cluster, pod, order, 'install', undefined, log);
    if (order.expectedRevision !== undefined && order.expectedRevision !== String(last.version)) {
      log(`Current release revision ${last.version} does not match expected revision ${order.expectedRevision}`);
      return end(0);
    }
    let { status } = last;
    if (/^(pending-|superseded|uninstalling)/.test(status)) {
      log(`Previous helm job was interrupted, updating status from ${status} to failed`);
      storeRevision(cluster.store, { ...last, status: 'failed' });
      if (status === 'pending-upgrade' || status === 'superseded') {
        log(`Retrying upgrade of ${order.name}`);
        return this.#work(cluster, pod, order, 'upgrade', last, log);
      }
      status = 'failed';
    }
    if (status === 'deployed') {
      log(`Already installed ${order.name}`);
      log(`Upgrading ${order.name}`);
      return this.#work(cluster, pod, order, 'upgrade', last, log);
    }
    return this.#failed(cluster, pod, order, last, log, end);
  }

  /** What the script does with a release whose last revision failed. */
  #failed(
    cluster: ClusterState,
    pod: Obj,
    order: HelmOrder,
    last: Revision,
    log: Log,
    end: (exit: number) => ProgramRun,
  ): ProgramRun {
    if (order.failurePolicy === 'reinstall') {
      removeAll(cluster, last.manifest);
      dropRevisions(cluster.store, order.namespace, order.name);
      log(`release "${order.name}" uninstalled`);
      log('Deleted');
      return this.#work(cluster, pod, order, 'install', undefined, log);
    }
    // Known since the job compares revisions.
    if (order.failurePolicy === 'retry' && order.expectedRevision !== undefined)
      return this.#work(cluster, pod, order, 'upgrade', last, log);
    const policy = `failure policy is '${order.failurePolicy}'${order.expectedRevision === undefined ? ", not 'reinstall'" : ''}`;
    log(`Release status is 'failed' and ${policy}; waiting for operator intervention`);
    return end(1);
  }

  #delete(cluster: ClusterState, order: HelmOrder, last: Revision | undefined, log: Log): ProgramRun {
    if (!last) return { kind: 'ends', afterMs: refusalMs, end: () => 0 };
    log(`+ helm uninstall ${order.name} --namespace ${order.namespace} --wait`);
    storeRevision(cluster.store, { ...last, status: 'uninstalling' });
    const kept = removeAll(cluster, last.manifest);
    return {
      kind: 'ends',
      afterMs: workMs,
      end: () => {
        if (kept.length > 0) {
          log('These resources were kept due to the resource policy:');
          for (const { kind, metadata } of kept) log(`[${kind}] ${metadata.name}`);
        }
        dropRevisions(cluster.store, order.namespace, order.name);
        log(`release "${order.name}" uninstalled`);
        return 0;
      },
    };
  }

  #work(
    cluster: ClusterState,
    pod: Obj,
    order: HelmOrder,
    verb: 'install' | 'upgrade',
    last: Revision | undefined,
    log: Log,
  ): ProgramRun {
    const where = order.repository === '' ? order.chart : `${order.name}/${order.chart}`;
    log(`+ helm ${verb} ${order.command} ${order.name} ${where} --values /config/values-01_HelmChart.yaml`);
    const refuse = (error: unknown): ProgramRun => {
      if (!(error instanceof HelmError)) throw error;
      log(`Error: ${verb === 'install' ? 'INSTALLATION' : 'UPGRADE'} FAILED: ${error.message}`);
      return { kind: 'ends', afterMs: refusalMs, end: () => 1 };
    };
    try {
      const fault = this.faults.take([order.name, order.chart.split('/').at(-1) ?? '']);
      const chart = findChart(order, fault === 'download');
      const revision = begun(cluster, order, chart, rendered(cluster, pod, order, chart), verb, last);
      if (fault === 'killed') return { kind: 'ends', afterMs: workMs / 2, end: () => 137 };
      return { kind: 'ends', afterMs: workMs, end: () => finished(cluster, order, chart, revision, last, fault, log) };
    } catch (error) {
      return refuse(error);
    }
  }
}

/** Values and manifest of a chart, as `helm template` makes them. @throws HelmError */
function rendered(cluster: ClusterState, pod: Obj, order: HelmOrder, chart: ChartDefinition) {
  try {
    const config = valuesOf(cluster.store, pod);
    const values = mergeValues(chart.defaults ?? {}, config);
    const context = { release: order.name, namespace: order.namespace, values, version: order.version };
    const owner = { release: order.name, namespace: order.namespace };
    return { config, manifest: chart.render(context).map((object) => marked(cluster.store, object, owner)) };
  } catch (error) {
    if (error instanceof TemplateError) throw new HelmError(error.message);
    throw new HelmError(`failed to parse /config/values-01_HelmChart.yaml: ${(error as Error).message}`);
  }
}

/** Writes down that it begins; what cannot work is refused first, and leaves no trace. @throws HelmError */
function begun(
  cluster: ClusterState,
  order: HelmOrder,
  chart: ChartDefinition,
  { config, manifest }: Pick<Revision, 'config' | 'manifest'>,
  verb: 'install' | 'upgrade',
  last: Revision | undefined,
): Revision {
  const { store } = cluster;
  const namespaces = store.resource('v1', 'Namespace');
  if (!store.look(namespaces, '', order.namespace)) {
    if (!order.createNamespace)
      throw new HelmError(`create: failed to create: namespaces "${order.namespace}" not found`);
    store.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: order.namespace } });
  }
  if (verb === 'install') applyMissing(cluster, chart.crds?.() ?? []);
  assertKinds(store, manifest);
  if (!order.takeOwnership) {
    const owner = { release: order.name, namespace: order.namespace };
    assertOwnership(store, manifest, owner, last?.manifest ?? []);
  }
  const revision: Revision = {
    name: order.name,
    namespace: order.namespace,
    version: (last?.version ?? 0) + 1,
    status: verb === 'install' ? 'pending-install' : 'pending-upgrade',
    description: verb === 'install' ? 'Initial install underway' : 'Preparing upgrade',
    chart: { name: chart.name, version: order.version },
    config,
    manifest,
    labels: order.configHash === undefined ? {} : { 'helmcharts.helm.cattle.io/configHash': order.configHash },
  };
  storeRevision(store, revision);
  return revision;
}

function applyMissing(cluster: ClusterState, definitions: readonly Obj[]): void {
  const there = cluster.all('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
  applyManifest(
    cluster,
    definitions.filter((definition) => !there.some((one) => sameObject(one, definition))),
    'create',
  );
}

/** Does the work and writes down how it went. */
function finished(
  cluster: ClusterState,
  order: HelmOrder,
  chart: ChartDefinition,
  revision: Revision,
  last: Revision | undefined,
  fault: string | undefined,
  log: Log,
): number {
  const { store } = cluster;
  const set = (status: ReleaseStatus, description: string): void =>
    storeRevision(store, { ...revision, status, description });
  const isUpgrade = revision.status === 'pending-upgrade';
  try {
    if (fault === 'timeout') throw new HelmError('context deadline exceeded');
    if (fault !== undefined) throw new HelmError(fault);
    applyManifest(cluster, revision.manifest, isUpgrade ? 'patch' : 'create');
    if (last) prune(cluster, last.manifest, revision.manifest);
  } catch (error) {
    if (!(error instanceof HelmError)) throw error;
    set('failed', `${isUpgrade ? 'Upgrade' : 'Release'} "${order.name}" failed: ${error.message}`);
    log(`Error: ${isUpgrade ? 'UPGRADE' : 'INSTALLATION'} FAILED: ${error.message}`);
    return 1;
  }
  for (const old of revisionsOf(store, order.namespace, order.name))
    if (old.status === 'deployed') storeRevision(store, { ...old, status: 'superseded' });
  set('deployed', isUpgrade ? 'Upgrade complete' : 'Install complete');
  if (isUpgrade) log(`Release "${order.name}" has been upgraded. Happy Helming!`);
  log(`NAME: ${order.name}`);
  log(`NAMESPACE: ${order.namespace}`);
  log('STATUS: deployed');
  log(`REVISION: ${revision.version}`);
  log(`CHART: ${chart.name}-${order.version}`);
  return 0;
}
