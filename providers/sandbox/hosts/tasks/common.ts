import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { FileSystem } from '../file-system.js';
import type { Machine } from '../machine.js';

export const paths = {
  binary: '/usr/local/bin/k3s',
  binaryRecord: '/usr/local/lib/slipway/k3s.sha256',
  previous: '/usr/local/lib/slipway/k3s.previous',
  config: '/etc/rancher/k3s/config.yaml',
  kubeconfig: '/etc/rancher/k3s/k3s.yaml',
  started: '/var/lib/slipway/k3s.started',
  formerConfig: '/var/lib/slipway/settings.former.config',
  formerUnit: '/var/lib/slipway/settings.former.unit',
  formerUntil: '/var/lib/slipway/settings.former.until',
  data: '/var/lib/rancher/k3s',
  server: '/var/lib/rancher/k3s/server',
  /** k3s leaves it behind once the others said that it is no member any more. */
  tombstone: '/var/lib/rancher/k3s/server/db/etcd/tombstone',
  nodePassword: '/etc/rancher/node/password',
} as const;

/** Hex SHA-256 of a file; empty when there is none. */
export function sha256(files: FileSystem, path: string): string {
  const node = files.find(path);
  if (!node || node.kind === 'dir') return '';
  return node.sha256 ?? createHash('sha256').update(files.read(path)).digest('hex');
}

/** `write_file` of lib/common.sh: whether anything changed. */
export function writeFile(files: FileSystem, path: string, text: string, mode: number): boolean {
  const old = files.find(path);
  if (old?.content?.equals(Buffer.from(text)) && old.mode === mode) return false;
  files.mkdirs(posix.dirname(path));
  files.write(path, text, { mode });
  return true;
}

/** By the unit file that is installed. */
export function k3sUnit(machine: Machine): 'server' | 'agent' | 'none' {
  if (machine.files.exists('/etc/systemd/system/k3s.service')) return 'server';
  return machine.files.exists('/etc/systemd/system/k3s-agent.service') ? 'agent' : 'none';
}

/** `v1.36.5+k3s1`; empty when no k3s is installed. */
export function installedVersion(machine: Machine): string {
  return /^k3s (\S+)$/.exec(machine.files.find(paths.binary)?.program ?? '')?.[1] ?? '';
}
