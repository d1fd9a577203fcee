import { stringify } from 'yaml';

import { selfAssignableLabels } from '../../../domain/node-labels.js';
import { Secret } from '../../../domain/secret.js';
import { UnexpectedError } from '../../../errors/index.js';

/** A taint as it is registered; the same shape as in the cluster file. */
export interface Taint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: string;
}

/** What servers and agents have in common. */
export interface NodeSettings {
  /** Also the machine's name: a cloud controller finds the server by it. */
  readonly nodeName: string;
  /** Private where there is one; empty leaves the choice to k3s. */
  readonly nodeAddress: string;
  /** The interface that carries `nodeAddress`; traffic between nodes goes through it. */
  readonly privateInterface: string | undefined;
  /** All labels desired; those a node may not give itself are left out. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly externalCloudProvider: boolean;
  readonly providerId: string | undefined;
  /** Lets the kubelet run on cgroup v1, which it refuses from 1.35 on. */
  readonly allowCgroupV1?: boolean | undefined;
}

export interface ServerSettings extends NodeSettings {
  /** Every name and address by which the API is called. */
  readonly tlsSans: readonly string[];
  /** Packaged components to leave out: see `disabledComponents`. */
  readonly disable: readonly string[];
  /** Address of the API to join; undefined on the server that starts the cluster. */
  readonly joinAddress: string | undefined;
  /** `server`: the password on the first server, the full token on the others. `agent`: the password, equal on all. */
  readonly tokens: { readonly server: Secret; readonly agent: Secret };
  readonly network: {
    readonly pods: string;
    readonly services: string;
    readonly encryption: 'wireguard' | 'none';
  };
  /** Nothing is to run in it but etcd and the API. */
  readonly quarantine?: boolean | undefined;
}

export interface AgentSettings extends NodeSettings {
  readonly joinAddress: string;
  /** The full agent token, which proves the cluster's CA to the agent. */
  readonly token: Secret;
}

export type K3sRole = 'server' | 'agent';
type Value = string | number | boolean | readonly string[] | Secret;
export type ConfigValues = Readonly<Record<string, Value>>;

const commonKeys = [
  'disable-default-registry-endpoint',
  'flannel-iface',
  'kube-proxy-arg',
  'kubelet-arg',
  'lb-server-port',
  'node-external-ip',
  'node-ip',
  'node-label',
  'node-name',
  'node-taint',
  'prefer-bundled-bin',
  'private-registry',
  'protect-kernel-defaults',
  'resolv-conf',
  'selinux',
  'server',
  'token',
  'token-file',
] as const;

const serverKeys = [
  'agent-token',
  'cluster-cidr',
  'cluster-dns',
  'cluster-domain',
  'cluster-init',
  'disable',
  'disable-agent',
  'disable-cloud-controller',
  'disable-controller-manager',
  'disable-helm-controller',
  'disable-kube-proxy',
  'disable-network-policy',
  'disable-scheduler',
  'egress-selector-mode',
  'embedded-registry',
  'etcd-arg',
  'etcd-expose-metrics',
  'etcd-snapshot-compress',
  'etcd-snapshot-dir',
  'etcd-snapshot-name',
  'etcd-snapshot-retention',
  'etcd-snapshot-schedule-cron',
  'flannel-backend',
  'flannel-external-ip',
  'flannel-ipv6-masq',
  'kube-apiserver-arg',
  'kube-controller-manager-arg',
  'kube-scheduler-arg',
  'secrets-encryption',
  'secrets-encryption-provider',
  'service-cidr',
  'tls-san',
  'tls-san-security',
  'write-kubeconfig',
  'write-kubeconfig-mode',
] as const;

/** k3s only warns about a key it does not know, so what Slipway writes is checked here. */
export const knownKeys: Readonly<Record<K3sRole, readonly string[]>> = {
  agent: commonKeys,
  server: [...commonKeys, ...serverKeys],
};

/** Packaged components that Slipway's own, or the provider's, take the place of. */
export function disabledComponents({
  serviceLoadBalancer,
  storageClass,
  disable = [],
}: {
  readonly serviceLoadBalancer: 'provider' | 'nodes';
  readonly storageClass: string | undefined;
  readonly disable?: readonly string[];
}): readonly string[] {
  return [
    'traefik',
    ...(serviceLoadBalancer === 'provider' ? ['servicelb'] : []),
    ...(storageClass === undefined ? [] : ['local-storage']),
    ...disable,
  ];
}

type Shared = Pick<ServerSettings, 'network' | 'externalCloudProvider' | 'tokens' | 'disable'>;

export interface SharedSetting {
  readonly key: (typeof serverKeys)[number];
  /** Whether servers may differ in it for a while, as when it is changed on one after the other. */
  readonly mayDiffer?: true;
  /** The field of `network` in the cluster file that it comes from, which therefore can't change in a cluster's life. */
  readonly fixedBy?: keyof Shared['network'];
  /** Undefined: it is not written. Nothing of one machine may come in here. */
  readonly value: (settings: Shared) => Value | undefined;
}

/**
 * What must be equal on all servers. k3s itself refuses a newcomer that differs ("critical configuration value mismatch"),
 * and says nothing where a server that has data is started with another value: so none of it can change in a cluster's
 * life. But for the parts that are left out: each server deploys, or takes away, a part once when it starts.
 */
export const sharedSettings: readonly SharedSetting[] = [
  { key: 'agent-token', value: ({ tokens }) => tokens.agent },
  { key: 'cluster-cidr', fixedBy: 'pods', value: ({ network }) => network.pods },
  { key: 'service-cidr', fixedBy: 'services', value: ({ network }) => network.services },
  {
    key: 'flannel-backend',
    fixedBy: 'encryption',
    value: ({ network }) => (network.encryption === 'wireguard' ? 'wireguard-native' : 'vxlan'),
  },
  { key: 'disable', mayDiffer: true, value: ({ disable }) => disable },
  {
    key: 'disable-cloud-controller',
    value: ({ externalCloudProvider }) => (externalCloudProvider ? true : undefined),
  },
  { key: 'secrets-encryption', value: () => true },
];

/** Of what may be left out, that which k3s compares like the others. */
export const comparedPart = 'servicelb';

export const sharedValues = (settings: Shared): ConfigValues =>
  Object.fromEntries(
    sharedSettings.flatMap(({ key, value }) => {
      const found = value(settings);
      return found === undefined ? [] : [[key, found]];
    }),
  );

/** The values of a server's config.yaml. */
export function serverConfig(settings: ServerSettings): ConfigValues {
  return {
    ...(settings.joinAddress === undefined ? { 'cluster-init': true } : { server: apiUrl(settings.joinAddress) }),
    token: settings.tokens.server,
    ...sharedValues(settings),
    ...nodeValues(settings),
    'tls-san': settings.tlsSans,
    'write-kubeconfig-mode': '0600',
    'etcd-snapshot-schedule-cron': '0 */6 * * *',
    'etcd-snapshot-retention': 12,
    ...(settings.quarantine ? onlyTheApi : {}),
  };
}

/**
 * A server that no pod ever runs on, with none of the controllers that act on what is in etcd. Webhooks are not called either:
 * some are outside the cluster.
 */
const onlyTheApi: ConfigValues = {
  'disable-agent': true,
  'disable-scheduler': true,
  'disable-controller-manager': true,
  'disable-cloud-controller': true,
  'disable-helm-controller': true,
  'disable-network-policy': true,
  'egress-selector-mode': 'disabled',
  'kube-apiserver-arg': ['disable-admission-plugins=MutatingAdmissionWebhook,ValidatingAdmissionWebhook'],
};

/** The values of an agent's config.yaml. */
export function agentConfig(settings: AgentSettings): ConfigValues {
  return { server: apiUrl(settings.joinAddress), token: settings.token, ...nodeValues(settings) };
}

/**
 * The text of config.yaml; secret, as it holds a token.
 * @throws UnexpectedError code UNKNOWN_K3S_KEY for a key that this role does not know.
 */
export function renderConfig(role: K3sRole, values: ConfigValues): Secret {
  const unknown = Object.keys(values).filter((key) => !knownKeys[role].includes(key));
  if (unknown.length > 0) {
    throw new UnexpectedError(`A k3s ${role} has no setting ${unknown.join(', ')}.`, { code: 'UNKNOWN_K3S_KEY' });
  }
  const revealed = Object.entries(values).map(([key, value]) => [
    key,
    value instanceof Secret ? value.reveal() : value,
  ]);
  return new Secret(
    stringify(Object.fromEntries(revealed), {
      lineWidth: 0,
      defaultStringType: 'QUOTE_DOUBLE',
      defaultKeyType: 'PLAIN',
    }),
  );
}

/** `https://host:6443`; an IPv6 address gets its brackets. */
export function apiUrl(address: string): string {
  return `https://${address.includes(':') ? `[${address}]` : address}:6443`;
}

function nodeValues(settings: NodeSettings): ConfigValues {
  const labels = Object.entries(selfAssignableLabels(settings.labels)).map(([key, value]) => `${key}=${value}`);
  const kubeletArguments = [
    ...(settings.externalCloudProvider ? cloudArguments(settings.providerId) : []),
    ...(settings.allowCgroupV1 ? ['fail-cgroupv1=false'] : []),
  ];
  return {
    'node-name': settings.nodeName,
    ...(settings.nodeAddress === '' ? {} : { 'node-ip': settings.nodeAddress }),
    ...(settings.privateInterface === undefined ? {} : { 'flannel-iface': settings.privateInterface }),
    ...(kubeletArguments.length === 0 ? {} : { 'kubelet-arg': kubeletArguments }),
    ...(labels.length === 0 ? {} : { 'node-label': labels }),
    ...(settings.taints.length === 0 ? {} : { 'node-taint': settings.taints.map(taintText) }),
    'prefer-bundled-bin': true,
  };
}

/** Set before the first join: the provider id of a node never changes. */
function cloudArguments(providerId: string | undefined): readonly string[] {
  return ['cloud-provider=external', ...(providerId === undefined ? [] : [`provider-id=${providerId}`])];
}

function taintText({ key, value, effect }: Taint): string {
  return value === undefined || value === '' ? `${key}:${effect}` : `${key}=${value}:${effect}`;
}
