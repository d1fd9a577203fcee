import type { DrainView } from '../domain/index.js';
import { cordonedAnnotation } from '../domain/labels.js';
import { Secret } from '../domain/secret.js';
import { halfWay, RefusedError } from '../errors/index.js';
import { withKubeErrors, KubeClient, type ClientOptions } from './client.js';
import { Discovery, objectPath } from './discovery.js';
import { readDrainView } from './drain-view.js';
import { evictPods, refuseDataLoss } from './drain.js';
import { ApiError } from './failures.js';
import { kubeServers } from './kubeconfig.js';
import { nodeFacts, nodeMergePatch } from './node-facts.js';
import { NodeInformer } from './node-watch.js';
import { ObjectFeeds } from './object-watch.js';
import { listAll } from './paging.js';
import type {
  AccountRef,
  AccountToken,
  DrainOptions,
  Forwarded,
  Grace,
  Kube,
  KubeContext,
  KubeObject,
  KubeOptions,
  ListQuery,
  LogOptions,
  NodeFacts,
  NodePatch,
  NodeWatch,
  ObjectRef,
  ObjectWait,
  Preconditions,
  ServedKind,
  UntilOptions,
} from './types.js';
import type { WireNode } from './wire.js';

const fieldManager = 'slipway';
/** Milliseconds for the last request of a run that was interrupted. */
const uncordonMs = 5_000;
const uncordon: NodePatch = { unschedulable: false, annotations: { [cordonedAnnotation]: null } };
/** A line of a log may be of any length. */
const logBytesAtMost = 2 ** 20;
/** How long and how patiently to wait; the defaults suit everybody but tests. */
export type KubeTuning = Pick<ClientOptions, 'timeouts' | 'patienceMs' | 'listAtMost'>;

/**
 * Opens the API that a kubeconfig leads to; connects with the first request.
 * All methods throw SlipwayErrors: IncompleteError KUBE_UNREACHABLE (with the addresses tried), KUBE_UNAUTHORIZED,
 * KUBE_FORBIDDEN, KUBE_NOT_FOUND, KUBE_CONFLICT, KUBE_ERROR; UsageError KUBE_INVALID, KUBE_NO_SUCH_KIND; or the
 * signal's reason.
 * @throws UsageError code KUBECONFIG_INVALID
 */
export async function openKube(context: KubeContext, tuning: KubeTuning = {}): Promise<Kube> {
  const { kubeconfig, boundary, clock, findings } = context;
  const servers = await kubeServers(kubeconfig, findings && { findings, clock });
  return new HttpKube(new KubeClient({ servers, boundary, clock, ...tuning }));
}

class HttpKube implements Kube {
  readonly #discovery: Discovery;
  readonly #informer: NodeInformer;
  readonly #objects: ObjectFeeds;

  constructor(private readonly client: KubeClient) {
    this.#discovery = new Discovery(client);
    this.#informer = new NodeInformer(client);
    this.#objects = new ObjectFeeds(client, this.#discovery);
  }

  async reachable({ signal }: KubeOptions): Promise<boolean> {
    return withKubeErrors('GET /readyz', () => this.client.ready(signal));
  }

  async version({ signal }: KubeOptions): Promise<string> {
    const found = await withKubeErrors('GET /version', () => this.client.get('/version', signal));
    return (found as { readonly gitVersion?: string }).gitVersion ?? 'unknown';
  }

  async nodes({ signal }: KubeOptions): Promise<readonly NodeFacts[]> {
    const { items } = await withKubeErrors('GET nodes', () => listAll<WireNode>(this.client, '/api/v1/nodes', signal));
    return items.map(nodeFacts);
  }

  watchNodes(signal: AbortSignal): NodeWatch {
    return this.#informer.watch(signal);
  }

  async patchNode(name: string, patch: NodePatch, { signal }: KubeOptions): Promise<void> {
    await withKubeErrors(`PATCH nodes/${name}`, () => this.#patchNode(name, patch, signal));
  }

  async drain(name: string, options: DrainOptions): Promise<void> {
    await withKubeErrors(`the drain of ${name}`, async () => {
      await refuseDataLoss(this.client, name, options);
      const isOurs = await this.#cordon(name, options.signal);
      try {
        // Something may have been started there between looking and cordoning.
        await refuseDataLoss(this.client, name, options);
        await evictPods(this.client, name, options);
      } catch (error) {
        // It stays, and is to take pods again. Whoever cannot be told so now finds the mark later.
        const stays = options.uncordonAtDeadline === true || options.signal.aborted || error instanceof RefusedError;
        if (isOurs && stays) {
          const undone = this.#patchNode(name, uncordon, AbortSignal.timeout(uncordonMs));
          const isUndone = await undone.then(
            () => true,
            () => false,
          );
          if (!isUndone && error instanceof RefusedError) throw halfWay(error);
        }
        throw error;
      }
    });
  }

  /** Cordons a node with a mark that it was us; false where somebody else had cordoned it, who alone may end that. */
  async #cordon(name: string, signal: AbortSignal): Promise<boolean> {
    const node = (await this.client.get(`/api/v1/nodes/${encodeURIComponent(name)}`, signal).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    })) as WireNode | undefined;
    const isMarked = node?.metadata?.annotations?.[cordonedAnnotation] !== undefined;
    if (node?.spec?.unschedulable === true) return isMarked;
    await this.#patchNode(name, { unschedulable: true, annotations: { [cordonedAnnotation]: 'drain' } }, signal);
    return true;
  }

  async drainView(nodes: readonly string[], { signal }: KubeOptions): Promise<DrainView> {
    return withKubeErrors('GET pods', () => readDrainView(this.client, nodes, signal));
  }

  async deleteNode(name: string, options: KubeOptions): Promise<void> {
    await this.delete({ apiVersion: 'v1', kind: 'Node', metadata: { name } }, options);
  }

  async get(ref: ObjectRef, { signal }: KubeOptions): Promise<KubeObject | undefined> {
    return withKubeErrors(
      `GET ${shortName(ref)}`,
      async () => {
        try {
          return (await this.client.get((await this.#locate(ref, signal)).path, signal)) as KubeObject;
        } catch (error) {
          if (error instanceof ApiError && error.status === 404) return undefined;
          throw error;
        }
      },
      isSensitive(ref.kind),
    );
  }

  async list(
    apiVersion: string,
    kind: string,
    query: ListQuery,
    { signal }: KubeOptions,
  ): Promise<readonly KubeObject[]> {
    return withKubeErrors(
      `the list of ${kind}`,
      async () => {
        const resource = await this.#discovery.resource(apiVersion, kind, signal);
        const path = objectPath(apiVersion, resource, query.namespace);
        const { labelSelector, fieldSelector } = query;
        const selector = {
          ...(labelSelector === undefined ? {} : { labelSelector }),
          ...(fieldSelector === undefined ? {} : { fieldSelector }),
        };
        const { items } = await listAll<KubeObject>(this.client, path, signal, selector);
        // Items of a list come without what the list already says.
        return items.map((item) => ({ ...item, apiVersion, kind }));
      },
      isSensitive(kind),
    );
  }

  async apply(object: KubeObject, options: Parameters<Kube['apply']>[1]): Promise<KubeObject> {
    const { signal, force = false, dryRun = false } = options;
    const { managedFields: _, resourceVersion: __, ...metadata } = object.metadata;
    return withKubeErrors(
      `PATCH ${shortName(object)}`,
      async () => {
        const { path, what } = await this.#locate(object, signal);
        const query = new URLSearchParams({ fieldManager, force: String(force), ...(dryRun ? { dryRun: 'All' } : {}) });
        const request = {
          method: 'PATCH',
          path: `${path}?${query.toString()}`,
          contentType: 'application/apply-patch+yaml',
          // JSON is YAML.
          body: JSON.stringify({ ...object, metadata }),
        } as const;
        // What changes nothing passes no boundary.
        const answer = dryRun ? this.client.ask(request, signal) : this.client.write(request, what, signal);
        return (await answer) as KubeObject;
      },
      isSensitive(object.kind),
    );
  }

  async create(object: KubeObject, { signal }: KubeOptions): Promise<KubeObject | undefined> {
    return this.#unlessOther('POST', object, async () => {
      const { collection, what } = await this.#locate(object, signal);
      const path = `${collection}?fieldManager=${fieldManager}`;
      const request = { method: 'POST', path, contentType: 'application/json', body: JSON.stringify(object) } as const;
      return this.client.write(request, what, signal);
    });
  }

  async patch(object: KubeObject, { signal }: KubeOptions): Promise<KubeObject | undefined> {
    return this.#unlessOther('PATCH', object, async () => {
      const { path, what } = await this.#locate(object, signal);
      const request = {
        method: 'PATCH',
        path: `${path}?fieldManager=${fieldManager}`,
        contentType: 'application/merge-patch+json',
        body: JSON.stringify(object),
      } as const;
      return this.client.write(request, what, signal);
    });
  }

  /** An answer that another came first, or that there is nothing to change, is an answer. */
  async #unlessOther(
    method: 'POST' | 'PATCH',
    object: KubeObject,
    work: () => Promise<unknown>,
  ): Promise<KubeObject | undefined> {
    return withKubeErrors(
      `${method} ${shortName(object)}`,
      async () => {
        try {
          return (await work()) as KubeObject;
        } catch (error) {
          const isOther =
            error instanceof ApiError && (error.status === 409 || (error.status === 404 && method === 'PATCH'));
          if (isOther) return undefined;
          throw error;
        }
      },
      isSensitive(object.kind),
    );
  }

  async delete(ref: ObjectRef, options: KubeOptions & Preconditions & Grace): Promise<void> {
    const { signal, uid, resourceVersion, gracePeriodSeconds } = options;
    await withKubeErrors(
      `DELETE ${shortName(ref)}`,
      async () => {
        const { path, what } = await this.#locate(ref, signal);
        const isAny = uid === undefined && resourceVersion === undefined;
        const body = JSON.stringify({
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          gracePeriodSeconds,
          ...(isAny ? {} : { preconditions: { uid, resourceVersion } }),
        });
        try {
          await this.client.write({ method: 'DELETE', path, contentType: 'application/json', body }, what, signal);
        } catch (error) {
          const isGone = error instanceof ApiError && (error.status === 404 || (error.status === 409 && !isAny));
          if (!isGone) throw error;
        }
      },
      isSensitive(ref.kind),
    );
  }

  async until<T>(wait: ObjectWait<T>, options: UntilOptions): Promise<T> {
    return this.#objects.until(wait, options);
  }

  async podLog(namespace: string, pod: string, options: LogOptions): Promise<string | undefined> {
    const { container, previous, tailLines } = options;
    const query = new URLSearchParams({
      ...(container === undefined ? {} : { container }),
      ...(previous ? { previous: 'true' } : {}),
      ...(tailLines === undefined ? {} : { tailLines: String(tailLines) }),
      limitBytes: String(logBytesAtMost),
    });
    const path = objectPath('v1', { name: 'pods', namespaced: true }, namespace, pod);
    return withKubeErrors(`the log of ${namespace}/${pod}`, async () => {
      try {
        return await this.client.text(`${path}/log?${query.toString()}`, options.signal);
      } catch (error) {
        // 400: the container has not started, or had no run before this one.
        if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return undefined;
        throw error;
      }
    });
  }

  async forward(namespace: string, pod: string, port: number, { signal }: KubeOptions): Promise<Forwarded> {
    const path = objectPath('v1', { name: 'pods', namespaced: true }, namespace, pod);
    // Only commands that copy streams need it.
    const { forwardOnce } = await import('./port-forward.js');
    return withKubeErrors(`the way into ${namespace}/${pod}`, () =>
      forwardOnce(() => this.client.tunnel(`${path}/portforward?ports=${port}`, signal)),
    );
  }

  async accountToken({ namespace, name }: AccountRef, seconds: number, { signal }: KubeOptions): Promise<AccountToken> {
    const path = `${objectPath('v1', { name: 'serviceaccounts', namespaced: true }, namespace, name)}/token`;
    const body = JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: seconds },
    });
    const request = { method: 'POST', path, contentType: 'application/json', body } as const;
    return withKubeErrors(
      `POST ServiceAccount/${namespace}/${name}/token`,
      async () => {
        const { status } = (await this.client.ask(request, signal)) as {
          readonly status: { readonly token: string; readonly expirationTimestamp: string };
        };
        return { token: new Secret(status.token), expires: status.expirationTimestamp };
      },
      true,
    );
  }

  async kinds({ signal }: KubeOptions): Promise<readonly ServedKind[]> {
    return withKubeErrors('the list of kinds', () => this.#discovery.all(signal));
  }

  close(): void {
    this.#objects.close();
    this.#informer.close();
    this.client.close();
  }

  async #patchNode(name: string, patch: NodePatch, signal: AbortSignal): Promise<void> {
    const request = {
      method: 'PATCH',
      path: `/api/v1/nodes/${encodeURIComponent(name)}?fieldManager=${fieldManager}`,
      contentType: 'application/merge-patch+json',
      body: JSON.stringify(nodeMergePatch(patch)),
    } as const;
    await this.client.write(request, `nodes/${name}`, signal);
  }

  async #locate(
    ref: ObjectRef,
    signal: AbortSignal,
  ): Promise<{ readonly path: string; readonly collection: string; readonly what: string }> {
    const resource = await this.#discovery.resource(ref.apiVersion, ref.kind, signal);
    const namespace = resource.namespaced ? (ref.metadata.namespace ?? 'default') : undefined;
    const path = objectPath(ref.apiVersion, resource, namespace, ref.metadata.name);
    const collection = objectPath(ref.apiVersion, resource, namespace);
    return { path, collection, what: [resource.name, namespace, ref.metadata.name].filter(Boolean).join('/') };
  }
}

function shortName({ kind, metadata }: ObjectRef): string {
  return [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join('/');
}

function isSensitive(kind: string): boolean {
  return kind === 'Secret';
}
