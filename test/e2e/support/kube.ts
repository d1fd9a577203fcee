import { setTimeout as pause } from 'node:timers/promises';

import { ask, type HttpAnswer } from '../../support/conversations-http.js';
import { type ApiServer, at } from '../../support/conversations.js';
import { slack } from './slack.js';

export interface Named {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}
export interface Node extends Named {
  readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly { readonly key: string }[] };
  readonly status: {
    readonly nodeInfo?: { readonly kubeletVersion: string };
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
}
export interface Pod extends Named {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const holds = (type: string, { status }: Node | Pod): boolean =>
  status.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
export const isReady = (one: Node | Pod): boolean => holds('Ready', one);
export const votes = (node: Node): boolean => holds('EtcdIsVoter', node);
export const addressOf = (node: Node): string | undefined =>
  node.status.addresses?.find(({ type }) => type === 'InternalIP')?.address;
export const isServer = (node: Node): boolean =>
  node.metadata.labels?.['node-role.kubernetes.io/control-plane'] === 'true';

/** One request; an answer other than 2xx is an error with its text. */
export async function kube(server: ApiServer, method: string, path: string, body?: unknown): Promise<unknown> {
  const { status, body: text } = await request(server, method, path, body);
  if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
  return text.startsWith('{') ? JSON.parse(text) : text;
}

const request = (server: ApiServer, method: string, path: string, body?: unknown): Promise<HttpAnswer> =>
  ask(server, {
    method,
    path,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** Created, or there already. */
export async function ensure(server: ApiServer, path: string, object: unknown): Promise<void> {
  const { status, body } = await request(server, 'POST', path, object);
  if (status !== 409 && (status < 200 || status > 299))
    throw new Error(`POST ${path}: ${status} ${body.slice(0, 500)}`);
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/**
 * Asks whether the API would take an object by server-side apply: it answers without doing it, and strictly, so that a
 * field it does not know is an error. Undefined when it does not serve the kind.
 */
export async function wouldTake(server: ApiServer, object: KubeObject): Promise<HttpAnswer | undefined> {
  const { apiVersion, kind, metadata } = object;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const served = await request(server, 'GET', root);
  if (served.status === 404) return undefined;
  const resources = (JSON.parse(served.body) as { resources: { name: string; kind: string; namespaced: boolean }[] })
    .resources;
  const resource = resources.find((one) => one.kind === kind && !one.name.includes('/'));
  if (!resource) return undefined;
  const place = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return ask(server, {
    method: 'PATCH',
    path: `${root}${place}/${resource.name}/${metadata.name}?dryRun=All&fieldManager=ring&force=true&fieldValidation=Strict`,
    headers: { accept: 'application/json', 'content-type': 'application/apply-patch+yaml' },
    body: JSON.stringify(object),
  });
}

export async function list<T extends Named>(server: ApiServer, path: string): Promise<readonly T[]> {
  return (at(await kube(server, 'GET', path), '/items') ?? []) as readonly T[];
}
export const nodes = (server: ApiServer): Promise<readonly Node[]> => list<Node>(server, '/api/v1/nodes');
export const pods = (server: ApiServer, namespace: string, app: string): Promise<readonly Pod[]> =>
  list<Pod>(server, `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`);

/** Whether a pod itself answers, asked through the API: its status alone may be from before a power cut. */
export const answers = async (server: ApiServer, { metadata }: Pod): Promise<boolean> => {
  const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}:8080/proxy/`;
  return String(await kube(server, 'GET', path)).includes(metadata.name);
};

/** Whether every node's kubelet, or that of each of some, was heard of since then: a node's status may be older. */
export async function heardFromAll(
  server: ApiServer,
  since: Date,
  among: (node: Node) => boolean = () => true,
): Promise<boolean> {
  const leases = await list<Named & { readonly spec: { readonly renewTime?: string } }>(
    server,
    '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases',
  );
  const names = new Set((await nodes(server)).filter(among).map(({ metadata }) => metadata.name));
  return leases
    .filter(({ metadata }) => names.has(metadata.name))
    .every(({ spec }) => spec.renewTime !== undefined && new Date(spec.renewTime) > since);
}

/** A cluster as it should be. */
export interface Whole {
  readonly nodes: number;
  readonly voters?: number;
  /** Every node's kubelet was heard of since then. */
  readonly since?: Date;
  readonly seconds?: number;
}

/** Waits until a cluster is whole: so many nodes, all Ready, so many of them voters. */
export const whole = (
  server: ApiServer,
  { nodes: count, voters = 3, since = new Date(0), seconds = 240 }: Whole,
): Promise<readonly Node[]> =>
  eventually(`${count} nodes Ready, ${voters} of them voters`, seconds, async () => {
    const all = await nodes(server);
    const well = all.length === count && all.every(isReady) && all.filter(votes).length === voters;
    return well && (await heardFromAll(server, since)) && all;
  });

/** Waits until a write goes through. */
export const writes = (server: ApiServer, name: string, seconds = 120): Promise<true> =>
  eventually(`a write goes through at ${server.url}`, seconds, async () => {
    const metadata = { name };
    await ensure(server, configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    return true;
  });
export const configMaps = '/api/v1/namespaces/default/configmaps';

/**
 * Looks until it gives something (not undefined or false), and gives that; what it throws counts as "not yet".
 * @param seconds that it may take, the slack apart
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  const limit = slack * seconds;
  const end = Date.now() + limit * 1000;
  for (let last = ''; ; await pause(500)) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = `; last: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() >= end) {
      throw new Error(`${what}: not within ${limit} s${last}`);
    }
  }
}

/** `count` pods that answer HTTP, on nodes with these labels. */
export const webDeployment = (name: string, count: number, nodeSelector: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: count,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        nodeSelector,
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'web',
            image: 'slipway.test/web:1',
            imagePullPolicy: 'IfNotPresent',
            readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
});
