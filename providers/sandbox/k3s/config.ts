import { parse } from 'yaml';

/** A node's config.yaml, read as k3s reads it. */
export interface K3sConfig {
  readonly role: 'server' | 'agent';
  readonly nodeName: string;
  readonly nodeIp: string | undefined;
  readonly token: string;
  readonly agentToken: string | undefined;
  readonly clusterInit: boolean;
  readonly server: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { key: string; value?: string; effect: string }[];
  readonly externalCloud: boolean;
  readonly providerId: string | undefined;
  /** The kubelet may run on cgroup v1. */
  readonly cgroupV1: boolean;
  readonly tlsSans: readonly string[];
  /** What must be equal on all servers, as one text. */
  readonly critical: string;
  /** No kubelet runs beside the server, which has no node then. */
  readonly agentless: boolean;
  /** Neither scheduler nor controllers run. */
  readonly idle: boolean;
  /** Packaged parts to leave out. */
  readonly disabled: readonly string[];
  /** The command line that k3s makes of it and writes at its node, secrets left out. */
  readonly commandLine: readonly string[];
  /** Keys that this command does not know; k3s only warns. */
  readonly unknown: readonly string[];
}

const common = [
  'node-name',
  'node-ip',
  'node-external-ip',
  'token',
  'server',
  'node-label',
  'node-taint',
  'kubelet-arg',
  'kube-proxy-arg',
  'flannel-iface',
  'prefer-bundled-bin',
  'resolv-conf',
  'protect-kernel-defaults',
  'selinux',
  'private-registry',
  'lb-server-port',
];
const serverOnly = [
  'cluster-init',
  'agent-token',
  'tls-san',
  'disable',
  'disable-agent',
  'disable-cloud-controller',
  'disable-controller-manager',
  'disable-helm-controller',
  'disable-network-policy',
  'disable-scheduler',
  'egress-selector-mode',
  'cluster-cidr',
  'service-cidr',
  'cluster-dns',
  'flannel-backend',
  'secrets-encryption',
  'write-kubeconfig-mode',
  'etcd-snapshot-schedule-cron',
  'etcd-snapshot-retention',
  'etcd-expose-metrics',
  'kube-apiserver-arg',
  'embedded-registry',
];
const criticalKeys = [
  'cluster-cidr',
  'service-cidr',
  'cluster-dns',
  'disable-cloud-controller',
  'flannel-backend',
  'secrets-encryption',
];
const secretKeys = ['token', 'agent-token'];

/** @throws Error in k3s's words when it would not start with this file. */
export function readConfig(text: string, role: 'server' | 'agent', hostname: string): K3sConfig {
  const raw = (parse(text) ?? {}) as Record<string, unknown>;
  const list = (key: string): string[] =>
    [raw[key] ?? []].flat().map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
  const plain = (key: string): string | undefined =>
    typeof raw[key] === 'string' && raw[key] !== '' ? raw[key] : undefined;
  const known = role === 'server' ? [...common, ...serverOnly] : common;
  const kubelet = new Map(list('kubelet-arg').map((arg) => arg.split(/=(.*)/s) as [string, string]));
  const labels = Object.fromEntries(list('node-label').map((label) => label.split('=') as [string, string]));
  const reserved = Object.keys(labels).find((key) => /^node-role\.kubernetes\.io\//.test(key));
  if (reserved)
    throw new Error(`unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [${reserved}]`);
  return {
    role,
    nodeName: plain('node-name') ?? hostname,
    nodeIp: plain('node-ip'),
    token: plain('token') ?? '',
    agentToken: plain('agent-token'),
    clusterInit: raw['cluster-init'] === true,
    server: plain('server'),
    labels,
    taints: list('node-taint').map((taint) => {
      const [, key = '', value, effect = ''] = /^([^=:]+)(?:=([^:]*))?:(.+)$/.exec(taint) ?? [];
      return { key, ...(value ? { value } : {}), effect };
    }),
    externalCloud: kubelet.get('cloud-provider') === 'external',
    providerId: kubelet.get('provider-id'),
    cgroupV1: kubelet.get('fail-cgroupv1') === 'false',
    tlsSans: list('tls-san'),
    critical: JSON.stringify([
      ...criticalKeys.map((key) => [key, raw[key]]),
      // Of what is left out servers compare this one only.
      ['disable-service-lb', list('disable').includes('servicelb')],
    ]),
    agentless: raw['disable-agent'] === true,
    idle: raw['disable-scheduler'] === true && raw['disable-controller-manager'] === true,
    disabled: list('disable'),
    commandLine: [
      role,
      ...Object.keys(raw).flatMap((key) =>
        list(key).flatMap((value) => [`--${key}`, secretKeys.includes(key) ? '********' : value]),
      ),
    ],
    unknown: Object.keys(raw).filter((key) => !known.includes(key)),
  };
}

/** The password in a token of either form. */
export const password = (token: string): string => /^K10[0-9a-f]+::[^:]+:(.+)$/s.exec(token)?.[1] ?? token;

/** The CA hash that a full token proves; undefined in a short one. */
export const provenHash = (token: string): string | undefined => /^K10([0-9a-f]+)::/.exec(token)?.[1];
