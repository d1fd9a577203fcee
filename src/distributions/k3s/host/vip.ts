import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Secret } from '../../../domain/secret.js';
import { ownTemplates } from '../../../remote/templates.js';
import type { HostTask, TaskParam } from '../../../remote/types.js';

/** How one server takes its turn at holding the API's address. */
export interface VipConfig {
  readonly vipProvider: 'keepalived' | 'kube-vip';
  /** What is held, IPv4. */
  readonly address: string;
  /** This server's own, by which its interface is found. */
  readonly ownAddress: string;
  /** The other servers' addresses, in any order. */
  readonly peers: readonly string[];
  /** 1 for the first server: the lowest slot that is well takes the address when nobody has it. */
  readonly slot: number;
  readonly clusterId: string;
  /** Whether other servers still hold it in the other way, so that for a while two may have it. */
  readonly isHandover?: boolean | undefined;
  /** How long the API may take to answer at the address once everything is in place, in seconds. */
  readonly waitSeconds?: number | undefined;
}

/** Raised when what the host task writes changes, so that servers that hold the address already are told anew. */
const layout = 2;
const minute = 60_000;

/**
 * The host task of a turn. Fails with taskCode NOT_IN_CERTIFICATE when the server's API does not know the address yet,
 * KEEPALIVED_MISSING, ADDRESS_TAKEN, ADDRESS_TWICE, ADDRESS_SILENT.
 */
export function holdVip(vip: VipConfig): HostTask {
  const { address, ownAddress } = vip;
  const own =
    vip.vipProvider === 'keepalived'
      ? {
          PEERS: [...vip.peers].sort().join(' '),
          PRIORITY: Math.max(1, 255 - vip.slot),
          PASSWORD: new Secret(passwordOf(vip.clusterId)),
        }
      : { MANIFEST: kubeVipManifest(address) };
  const params = { ADDRESS: address, OWN_ADDRESS: ownAddress, ...own };
  // kube-vip's image may have to be fetched first.
  const waitSeconds = vip.waitSeconds ?? (vip.vipProvider === 'keepalived' ? 60 : 240);
  return {
    name: vip.vipProvider === 'keepalived' ? 'hold-with-keepalived' : 'hold-with-kube-vip',
    params: {
      ...params,
      SETTINGS: digest(params),
      WAIT_SECONDS: waitSeconds,
      ...(vip.vipProvider === 'keepalived' ? { HANDOVER: vip.isHandover ?? false } : {}),
    },
    // Installing keepalived may have to wait for another package manager, and for its lists.
    deadlineMs: 6 * minute + waitSeconds * 1000,
  };
}

/** What `observe` tells as `api_hold` of a server that has this turn: `keepalived 0123456789ab`. */
export function vipDescription(vip: VipConfig): string {
  return `${vip.vipProvider} ${String(holdVip(vip).params['SETTINGS'])}`;
}

/** The holder in what `observe` told as `api_hold`. */
export function vipProviderIn(holding: string | undefined): VipConfig['vipProvider'] | undefined {
  return (['keepalived', 'kube-vip'] as const).find((vipProvider) => holding?.startsWith(`${vipProvider} `));
}

function digest(params: Readonly<Record<string, TaskParam>>): string {
  const entries = Object.entries(params).map(([key, value]) => [
    key,
    value instanceof Secret ? value.reveal() : String(value),
  ]);
  return createHash('sha256')
    .update(JSON.stringify([layout, entries]))
    .digest('hex')
    .slice(0, 12);
}

/**
 * VRRP sends it in the clear: it only keeps the servers of one cluster apart from those of another. So it is computed,
 * and the same on every server whatever computer a command runs on.
 */
function passwordOf(clusterId: string): string {
  return createHash('sha256').update(`vrrp ${clusterId}`).digest('hex').slice(0, 8);
}

let template: string | undefined;

/** The static pod; `@INTERFACE@` is left for the host to fill in. */
function kubeVipManifest(address: string): string {
  template ??= readFileSync(join(ownTemplates, 'k3s', 'kube-vip.yaml'), 'utf8');
  return template.replaceAll('@ADDRESS@', address);
}
