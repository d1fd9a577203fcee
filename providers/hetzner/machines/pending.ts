import type { WireServer } from '../wire.js';

export type Pending = 'attach' | 'firewall' | 'power-on' | 'wait';

export interface Attachments {
  readonly network: number;
  readonly firewall: number;
}

/** What a server still lacks to be a machine of the cluster. Nothing: it runs, and has its addresses. */
export function pendingOf(server: WireServer, { network, firewall }: Attachments): Pending[] {
  // A server that is still being made changes by itself; looking again is all that helps.
  if (server.status === 'initializing' || server.status === 'starting' || server.status === 'stopping') return ['wait'];
  const net = server.private_net.find((one) => one.network === network);
  const pending: Pending[] = [];
  if (!net) pending.push('attach');
  if (!(server.public_net.firewalls ?? []).some((one) => one.id === firewall)) pending.push('firewall');
  if (server.status === 'off') pending.push('power-on');
  if (pending.length === 0 && (server.status !== 'running' || !net?.ip)) pending.push('wait');
  return pending;
}
