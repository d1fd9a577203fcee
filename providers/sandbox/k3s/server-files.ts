import { posix } from 'node:path';

import type { Machine } from '../hosts/machine.js';
import { paths } from '../hosts/tasks/common.js';
import type { Cluster } from './cluster.js';
import { adminPair } from './leaf-certificates.js';
import type { Pair } from './certificates.js';

/** Holds the id of the cluster whose etcd data a server has. */
export const dataFile = `${paths.server}/db/etcd/member`;

/** What etcd has before k3s has saved the cluster's bootstrap data in it. */
export const unborn = 'being made';

export function leaveTombstone({ files }: Machine): void {
  if (files.exists(posix.dirname(paths.tombstone))) files.write(paths.tombstone, '', { mode: 0o600 });
}

/** At the next start after that k3s drops its data, as if it had none. @returns whether it did */
export function dropBuriedData({ files }: Machine): boolean {
  if (!files.exists(paths.tombstone)) return false;
  files.removeTree(`${paths.server}/db`);
  return true;
}

const resetFlag = `${paths.server}/db/reset-flag`;

/** What k3s leaves of a reset for its next start. */
export function raiseResetFlag({ files }: Machine): void {
  files.write(resetFlag, '', { mode: 0o600 });
}

/** @returns whether it was there */
export function lowerResetFlag({ files }: Machine): boolean {
  if (!files.exists(resetFlag)) return false;
  files.remove(resetFlag);
  return true;
}

/** The cluster whose etcd data lie on a machine; empty: none. */
export const dataOf = ({ files }: Machine): string => (files.exists(dataFile) ? files.text(dataFile).trim() : '');

/** Whether a machine has this cluster’s etcd data. */
export const holdsData = (machine: Machine | undefined, cluster: string): boolean =>
  machine !== undefined && dataOf(machine) === cluster;

export function keepData(machine: Machine, cluster: Cluster): void {
  writeData(machine, cluster.id);
}

export function beginData(machine: Machine): void {
  writeData(machine, unborn);
}

function writeData({ files }: Machine, text: string): void {
  files.mkdirs(posix.dirname(dataFile));
  files.write(dataFile, `${text}\n`, { mode: 0o600 });
}

/** Tokens and kubeconfig, as a server leaves them for its owner. */
export function writeServerFiles(machine: Machine, cluster: Cluster): void {
  writeServerToken(machine, cluster);
  write(machine, `${paths.server}/agent-token`, `${cluster.fullAgentToken}\n`);
  write(machine, paths.kubeconfig, kubeconfigOf(cluster, adminPair(machine)));
}

/** What k3s writes again where it rotates it. */
export const writeServerToken = (machine: Machine, cluster: Cluster): void =>
  write(machine, `${paths.server}/token`, `${cluster.fullServerToken}\n`);

function write({ files }: Machine, path: string, text: string): void {
  files.mkdirs(posix.dirname(path));
  files.write(path, text, { mode: 0o600 });
}

function kubeconfigOf(cluster: Cluster, admin: Pair): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '- name: default',
    '  cluster:',
    `    certificate-authority-data: ${base64(cluster.ca.cert)}`,
    '    server: https://127.0.0.1:6443',
    'users:',
    '- name: default',
    '  user:',
    `    client-certificate-data: ${base64(admin.cert)}`,
    `    client-key-data: ${base64(admin.key)}`,
    'contexts:',
    '- name: default',
    '  context: { cluster: default, user: default }',
    'current-context: default',
    '',
  ].join('\n');
}
