import { createHash } from 'node:crypto';

import { goDurationText } from './go-duration.js';
import type { ClusterState } from '../kube-api/controllers/cluster.js';
import { conditionOf, ownerOf } from '../kube-api/controllers/conditions.js';
import { deleteWith } from '../kube-api/controllers/garbage.js';
import { isMap, type Obj, same } from '../kube-api/objects.js';
import type { Change } from '../kube-api/store.js';
import { contained } from '../report-fault.js';
import { chartLabel } from './job-pod.js';
import { revisionsOf } from './release.js';
import { jobOf, type ChartSpec } from './job-template.js';

const finalizer = 'wrangler.cattle.io/on-helm-chart-remove';
const hashAnnotation = 'helmcharts.helm.cattle.io/configHash';
const failedMessage = 'Job has reached configured number of retries without succeeding';

/**
 * k3s's helm controller: a job for each HelmChart object, made anew when its spec changes; another that uninstalls the
 * release when the object is deleted. From 1.36 on the job carries the release's revision, and a job that ended without
 * a deployed release of its values is made anew.
 */
export class HelmController {
  #queued = false;

  /** @param compares whether jobs carry the release's revision */
  constructor(
    private readonly cluster: () => ClusterState,
    private readonly compares: boolean,
  ) {}

  seen({ resource, object }: Pick<Change, 'resource' | 'object'>): void {
    const isOurs =
      resource.plural === 'helmcharts' ||
      resource.plural === 'helmchartconfigs' ||
      ((resource.plural === 'jobs' || resource.plural === 'pods') &&
        object.metadata.labels?.[chartLabel] !== undefined) ||
      (resource.plural === 'secrets' && object['type'] !== 'helm.sh/release.v1');
    if (isOurs) this.queue();
  }

  queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    setImmediate(() => {
      this.#queued = false;
      const { store } = this.cluster();
      const kind = store.resources.byKind('helm.cattle.io/v1', 'HelmChart');
      for (const chart of kind ? store.list(kind) : [])
        contained(`HelmChart ${chart.metadata.name}`, () => this.#reconcile(chart));
    });
  }

  #reconcile(chart: Obj): void {
    const spec = chart.spec as ChartSpec | undefined;
    if (!spec?.chart && !spec?.chartContent) return;
    if (chart.metadata.annotations?.['helmcharts.helm.cattle.io/unmanaged'] !== undefined) return;
    if (chart.metadata.deletionTimestamp) return this.#remove(chart, spec);
    const cluster = this.cluster();
    if (!chart.metadata.finalizers?.includes(finalizer)) {
      cluster.change(chart, (one) => {
        one.metadata.finalizers = [...(one.metadata.finalizers ?? []), finalizer];
        rewriteTimeout(one);
        one.metadata.annotations = {
          ...one.metadata.annotations,
          'helmcharts.cattle.io/managed-by': 'helm-controller',
        };
      });
      return;
    }
    if (isRewritten(spec.timeout)) {
      cluster.change(chart, rewriteTimeout);
      return;
    }
    const old = this.#job(chart, 'install');
    const status = (failed: boolean): Record<string, unknown> => ({
      jobName: `helm-install-${chart.metadata.name}`,
      conditions: [
        {
          type: 'JobCreated',
          status: 'True',
          reason: 'Job created',
          message: `Applying HelmChart using Job ${chart.metadata.namespace ?? ''}/helm-install-${chart.metadata.name}`,
        },
        failed
          ? { type: 'Failed', status: 'True', reason: 'Job failed', message: failedMessage }
          : { type: 'Failed', status: 'False' },
      ],
    });
    if (this.#place(chart, spec, 'install', old)) cluster.status(chart, status(false));
    else if (this.compares && old && conditionOf(old, 'Failed')) cluster.status(chart, status(true));
  }

  #remove(chart: Obj, spec: ChartSpec): void {
    const cluster = this.cluster();
    if (!chart.metadata.finalizers?.includes(finalizer)) return;
    const install = this.#job(chart, 'install');
    if (install) this.#drop(install);
    const job = this.#job(chart, 'delete');
    if (!job || !conditionOf(job, 'Complete')) {
      if (!install) this.#place(chart, spec, 'delete', job);
      cluster.change(chart, (one) => {
        one.status = { ...one.status, jobName: `helm-delete-${chart.metadata.name}` };
      });
      return;
    }
    const { name, namespace = '' } = chart.metadata;
    deleteWith(cluster, job, 'Background');
    for (const [kind, own] of [
      ['Secret', `chart-values-${name}`],
      ['ConfigMap', `chart-content-${name}`],
      ['ServiceAccount', `helm-${name}`],
    ] as const) {
      const resource = cluster.kind('v1', kind);
      if (cluster.store.look(resource, namespace, own)) cluster.store.remove(resource, namespace, own);
    }
    const bindings = cluster.kind('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding');
    if (cluster.store.look(bindings, '', `helm-${namespace}-${name}`))
      cluster.store.remove(bindings, '', `helm-${namespace}-${name}`);
    cluster.change(chart, (one) => {
      one.metadata.finalizers = (one.metadata.finalizers ?? []).filter((known) => known !== finalizer);
    });
  }

  #job(chart: Obj, verb: 'install' | 'delete'): Obj | undefined {
    const { store } = this.cluster();
    const { name, namespace = '' } = chart.metadata;
    return store.find(store.resource('batch/v1', 'Job'), namespace, `helm-${verb}-${name}`);
  }

  /** Makes the job that the spec asks for, unless it is there. Whether it did. */
  #place(chart: Obj, spec: ChartSpec, verb: 'install' | 'delete', old: Obj | undefined): boolean {
    const cluster = this.cluster();
    const { store } = cluster;
    const namespace = chart.metadata.namespace ?? '';
    const texts = verb === 'install' ? this.#values(chart, spec) : [];
    const secrets = (spec.valuesSecrets ?? []).filter(({ ignoreUpdates }) => !ignoreUpdates);
    const watched = secrets.map(({ name }) => store.look(store.resource('v1', 'Secret'), namespace, name)?.['data']);
    const hash = createHash('sha256')
      .update(JSON.stringify([texts, watched, spec.chartContent ?? '']))
      .digest('hex')
      .toUpperCase();
    const job = jobOf(chart, spec, verb, hash);
    const releases = revisionsOf(store, spec.targetNamespace ?? namespace, chart.metadata.name);
    const last = releases.at(-1);
    const label = hash.slice(0, 63);
    if (old) {
      const isDone = conditionOf(old, 'Complete') !== undefined;
      const asDesired =
        verb === 'delete' ? last === undefined : last?.status === 'deployed' && last.labels[hashAnnotation] === label;
      const changed = !sameTemplate(old, job);
      if (this.compares && isDone ? asDesired : !changed) return false;
      // Its pods are not cut off: what they do ends first.
      if (this.compares && cluster.owned(old, 'v1', 'Pod').some(isAtWork)) return false;
      this.#drop(old);
      return false;
    }
    this.#companions(chart, texts);
    const container = (job.spec as { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } })
      .template.spec.containers[0]!;
    if (this.compares) {
      container.env.push({ name: 'EXPECTED_RELEASE_REVISION', value: String(last?.version ?? 0) });
      container.env.push({ name: 'CONFIG_HASH', value: label });
    }
    store.create(store.resource('batch/v1', 'Job'), {
      ...job,
      metadata: { ...job.metadata, ownerReferences: [ownerOf(chart)] },
    });
    return true;
  }

  #drop(job: Obj): void {
    if (!job.metadata.deletionTimestamp) deleteWith(this.cluster(), job, 'Foreground');
  }

  /** Values as files: the chart's own, then those of a HelmChartConfig. */
  #values(chart: Obj, spec: ChartSpec): readonly (readonly [string, string])[] {
    const { store } = this.cluster();
    const kind = store.resource('helm.cattle.io/v1', 'HelmChartConfig');
    const config = store.look(kind, chart.metadata.namespace ?? '', chart.metadata.name);
    const given = config?.spec?.['valuesContent'];
    return [
      ...(spec.valuesContent ? [['values-01_HelmChart.yaml', spec.valuesContent] as const] : []),
      ...(spec.values ? [['values-00_HelmChart.yaml', JSON.stringify(spec.values)] as const] : []),
      ...(typeof given === 'string' ? [['values-10_HelmChartConfig.yaml', given] as const] : []),
    ];
  }

  #companions(chart: Obj, texts: readonly (readonly [string, string])[]): void {
    const cluster = this.cluster();
    const { name, namespace = '' } = chart.metadata;
    const owner = { ownerReferences: [ownerOf(chart)] };
    const data = Object.fromEntries(texts.map(([file, text]) => [file, Buffer.from(text).toString('base64')]));
    const put = (object: Obj): void => {
      const resource = cluster.kind(object.apiVersion, object.kind);
      const known = cluster.store.find(resource, object.metadata.namespace ?? '', object.metadata.name);
      if (!known) cluster.store.create(resource, object);
      else if (object['data'] !== undefined && !same(known['data'], object['data']))
        cluster.change(known, (one) => void (one['data'] = object['data']));
    };
    const meta = (own: string): Obj['metadata'] => ({ name: own, namespace, ...owner });
    put({ apiVersion: 'v1', kind: 'Secret', metadata: meta(`chart-values-${name}`), type: 'Opaque', data });
    put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(`chart-content-${name}`), data: {} });
    put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta(`helm-${name}`) });
    put({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `helm-${namespace}-${name}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: `helm-${name}`, namespace }],
    });
  }
}

const isAtWork = ({ status }: Obj): boolean =>
  ((status?.['containerStatuses'] ?? []) as { state?: { running?: unknown } }[]).some(
    ({ state }) => state?.running !== undefined,
  );

/** Whether two jobs run the same; what the controller adds at creation does not count. */
function sameTemplate(a: Obj, b: Obj): boolean {
  const template = (job: Obj): unknown => {
    const copy = structuredClone(job.spec?.['template']) as {
      spec?: { containers?: { env?: { name: string }[] }[] };
      metadata?: unknown;
    };
    const [container] = copy.spec?.containers ?? [];
    if (container?.env)
      container.env = container.env.filter(
        ({ name }) => name !== 'EXPECTED_RELEASE_REVISION' && name !== 'CONFIG_HASH',
      );
    return isMap(copy) ? copy : {};
  };
  return same(template(a), template(b));
}

/** The controller writes the object back as Go reads it: `2m` becomes `2m0s`. */
const isRewritten = (timeout: unknown): timeout is string =>
  typeof timeout === 'string' && goDurationText(timeout) !== timeout;

function rewriteTimeout({ spec }: Obj): void {
  if (isMap(spec) && isRewritten(spec['timeout'])) spec['timeout'] = goDurationText(spec['timeout']);
}
