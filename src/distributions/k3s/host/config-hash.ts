import { createHash } from 'node:crypto';

import { Secret } from '../../../domain/secret.js';
import {
  agentConfig,
  type AgentSettings,
  type ConfigValues,
  type K3sRole,
  serverConfig,
  type ServerSettings,
} from './config.js';

/** What belongs to one machine or one moment, is changed through the API, or is a secret: it is no part of the hash. */
const left = new Set([
  'agent-token',
  'cluster-init',
  'flannel-iface',
  'node-ip',
  'node-label',
  'node-name',
  'node-taint',
  'server',
  'tls-san',
  'token',
]);
const ofTheHost = /^(provider-id|fail-cgroupv1)=/;

/** Tells apart what machines are made by: the image and the user data before anything of one machine is in it. */
export const templateHash = (image: string, userData: string): string => hashOf([image, userData]);

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** The settings of a cluster that all its nodes of a role are configured by. */
export type RoleSettings = Pick<ServerSettings, 'externalCloudProvider' | 'disable' | 'network'>;

/** Tells two configurations apart that would make k3s do something else, and nothing else. */
export function configHash(values: ConfigValues): string {
  const counted = Object.entries(values)
    .filter(([key]) => !left.has(key))
    .map(([key, value]) => [key, Array.isArray(value) ? inOrder(value as readonly string[]) : value] as const)
    .filter(([, value]) => !Array.isArray(value) || value.length > 0)
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return hashOf(counted);
}

/** The hash of what a node of this role is configured with now that has these settings. */
export function roleConfigHash(role: K3sRole, settings: RoleSettings): string {
  const nothing = new Secret('');
  const node = {
    nodeName: '',
    nodeAddress: '',
    privateInterface: undefined,
    labels: {},
    taints: [],
    providerId: undefined,
  };
  return configHash(
    role === 'server'
      ? serverConfig({
          ...node,
          ...settings,
          tlsSans: [],
          joinAddress: '',
          tokens: { server: nothing, agent: nothing },
        })
      : agentConfig({ ...node, ...settings, joinAddress: '', token: nothing } satisfies AgentSettings),
  );
}

const inOrder = (list: readonly string[]): readonly string[] =>
  [...new Set(list)].filter((one) => !ofTheHost.test(one)).sort();
