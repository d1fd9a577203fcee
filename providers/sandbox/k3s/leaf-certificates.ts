import { X509Certificate } from 'node:crypto';
import { posix } from 'node:path';

import type { Machine } from '../hosts/machine.js';
import { issue, type Pair } from './certificates.js';
import type { Cluster } from './cluster.js';

const data = '/var/lib/rancher/k3s';
const day = 24 * 3600 * 1000;
/** At its start k3s renews what is valid for no longer than this. */
const renewBeforeMs = 120 * day;
const validDays = 365;

interface Leaf {
  /** Without `.crt`, below the data folder. */
  readonly path: string;
  readonly name: string;
  readonly use: 'server' | 'client';
}

/** Some of those that k3s makes: one of each folder and kind. */
const serverLeaves: readonly Leaf[] = [
  { path: 'server/tls/client-admin', name: 'O=system:masters,CN=system:admin', use: 'client' },
  { path: 'server/tls/serving-kube-apiserver', name: 'CN=kube-apiserver', use: 'server' },
  { path: 'server/tls/etcd/peer-server-client', name: 'CN=etcd-peer', use: 'server' },
];
const agentLeaves: readonly Leaf[] = [
  { path: 'agent/client-kubelet', name: 'O=system:nodes,CN=system:node', use: 'client' },
  { path: 'agent/serving-kubelet', name: 'CN=kubelet', use: 'server' },
];
const dynamic = `${data}/server/tls/dynamic-cert.json`;
/** k3s makes the certificate of its own port anew where this lies beside it. */
const regenerate = `${data}/server/tls/dynamic-cert-regenerate`;

const leavesOf = (role: 'server' | 'agent'): readonly Leaf[] =>
  role === 'server' ? [...serverLeaves, ...agentLeaves] : agentLeaves;

/** What k3s does with its certificates when it starts: makes those that are missing, and renews those near their end. */
export async function renewLeaves({ ca }: Cluster, machine: Machine, role: 'server' | 'agent'): Promise<void> {
  const { files } = machine;
  const now = machine.context.clock.now();
  const make = (leaf: Pick<Leaf, 'name' | 'use'>): Promise<Pair> =>
    issue(
      ca,
      {
        ...leaf,
        serial: machine.context.random
          .bytes(8)
          .toString('hex')
          .replace(/^[089a-f]/, '7'),
      },
      now,
      machine.traits?.certificateDays ?? validDays,
    );
  for (const leaf of leavesOf(role)) {
    const path = `${data}/${leaf.path}`;
    if (files.exists(`${path}.crt`) && endOf(files.text(`${path}.crt`)) - now > renewBeforeMs) continue;
    const { cert, key } = await make(leaf);
    write(machine, `${path}.crt`, `${cert}\n${ca.cert}\n`);
    write(machine, `${path}.key`, `${key}\n`);
  }
  if (role === 'agent') return;
  if (
    files.exists(dynamic) &&
    !files.exists(regenerate) &&
    endOf(dynamicCertificate(files.text(dynamic))) - now > renewBeforeMs
  )
    return;
  const { cert, key } = await make({ name: 'O=k3s,CN=k3s', use: 'server' });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  write(machine, dynamic, JSON.stringify({ data: { 'tls.crt': base64(cert), 'tls.key': base64(key) } }));
  if (files.exists(regenerate)) files.remove(regenerate);
}

/** `k3s certificate rotate`: all but the authorities is put aside, for k3s to make anew when it is started. */
export function dropLeaves(machine: Machine, role: 'server' | 'agent'): void {
  const { files } = machine;
  const aside = `${data}/${role}/tls-${Math.floor(machine.context.clock.now() / 1000)}`;
  for (const { path } of leavesOf(role)) {
    for (const end of ['crt', 'key'] as const) {
      const file = `${data}/${path}.${end}`;
      if (!files.exists(file)) continue;
      write(machine, `${aside}/${posix.basename(file)}`, files.text(file));
      files.remove(file);
    }
  }
  if (role === 'server') write(machine, regenerate, '');
}

/** As the task `read-certificates` tells them: path below the data folder, and the certificate. */
export function leavesOn({ files }: Machine): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { path } of [...serverLeaves, ...agentLeaves]) {
    const file = `${data}/${path}.crt`;
    if (files.exists(file)) found.set(`${path}.crt`, firstOf(files.text(file)));
  }
  if (files.exists(dynamic))
    found.set('server/tls/dynamic-cert.json', firstOf(dynamicCertificate(files.text(dynamic))));
  return found;
}

/** What the kubeconfig that k3s writes lets its owner in with. */
export function adminPair({ files }: Machine): Pair {
  const path = `${data}/server/tls/client-admin`;
  return { cert: files.text(`${path}.crt`), key: files.text(`${path}.key`) };
}

const dynamicCertificate = (text: string): string =>
  Buffer.from((JSON.parse(text) as { data: { 'tls.crt': string } }).data['tls.crt'], 'base64').toString();

const firstOf = (pem: string): string => new X509Certificate(pem).raw.toString('base64');

const endOf = (pem: string): number => Date.parse(new X509Certificate(pem).validTo);

function write({ files }: Machine, path: string, text: string): void {
  files.mkdirs(posix.dirname(path));
  files.write(path, text, { mode: 0o600 });
}
