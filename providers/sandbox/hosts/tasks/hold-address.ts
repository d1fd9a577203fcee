import { parse } from 'yaml';

import type { VipHolder } from '../../k3s/virtual-addresses.js';
import type { Machine } from '../machine.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { sha256, writeFile } from './common.js';

interface StaticPod {
  readonly spec?: { readonly containers?: readonly { readonly env?: readonly { name: string; value?: string }[] }[] };
}

/** What says, on the disk of a machine, that it takes its turn at holding an address. */
export const holding = {
  config: '/etc/slipway/keepalived.conf',
  unit: '/etc/systemd/system/slipway-keepalived.service',
  package: '/var/lib/slipway/keepalived.installed',
  program: '/usr/sbin/keepalived',
  record: '/var/lib/slipway/keepalived.started',
  /** Holder, settings and the hash of what they became. */
  held: '/etc/slipway/api-hold',
  pod: '/var/lib/rancher/k3s/agent/pod-manifests/slipway-kube-vip.yaml',
} as const;

export async function holdWithKeepalived(context: TaskContext): Promise<void> {
  const { machine, need, param, say } = context;
  const [address, own, priority, password, settings] = [
    need('ADDRESS'),
    need('OWN_ADDRESS'),
    need('PRIORITY'),
    need('PASSWORD'),
    need('SETTINGS'),
  ] as const;
  const interfaceName = interfaceWith(machine, own);
  const { files } = machine;
  let changed = false;
  if (!files.exists(holding.program)) {
    say('installing keepalived with apt-get');
    await machine.wait(machine.context.profile().downloadMs / 2);
    if (machine.traits?.offline) {
      throw new TaskFailure(
        'KEEPALIVED_MISSING',
        'keepalived could not be installed: E: Unable to locate package keepalived',
      );
    }
    writeFile(files, holding.package, 'apt-get\n', 0o644);
    files.install(holding.program, '', { mode: 0o755, program: 'keepalived' });
    changed = true;
  }
  assertCertified(machine, address);
  if (files.exists(holding.pod)) {
    say('ending kube-vip on this server');
    files.remove(holding.pod);
    changed = true;
  }
  assertFree(machine, address);
  changed = writeFile(files, '/etc/slipway/api-alive.sh', '#!/bin/sh\n# Written by Slipway.\n', 0o700) || changed;
  const peers = param('PEERS').split(/\s+/).filter(Boolean);
  const lines = [
    `priority ${priority}`,
    `auth_pass ${password}`,
    `unicast_src_ip ${own}`,
    ...peers.map((peer) => `peer ${peer}`),
    `virtual_ipaddress ${address}/32 dev ${interfaceName}`,
  ];
  changed = writeFile(files, holding.config, `${lines.join('\n')}\n`, 0o600) || changed;
  const { addresses } = machine.context.behaviour;
  const isNew = !files.exists(holding.unit);
  const isElsewhere =
    need('HANDOVER') === 'false' && !addresses.has(machine, address) && addresses.apiAnswers(machine, address);
  const unit = '[Unit]\nDescription=Holds the address of the Kubernetes API (Slipway)\n';
  changed = writeFile(files, holding.unit, unit, 0o644) || changed;
  if (isNew && isElsewhere) {
    // As the script gives keepalived time to hear of another.
    if (!addresses.has(machine, address)) await machine.wait(6000);
    if (addresses.has(machine, address)) {
      files.remove(holding.unit);
      throw new TaskFailure(
        'ADDRESS_TWICE',
        `this server took ${address} while another one has it: the keepalived of the servers do not hear each other`,
      );
    }
  }
  writeFile(files, holding.record, `${sha256(files, holding.config)}/${sha256(files, holding.unit)}\n`, 0o600);
  await answered(context, address);
  writeFile(files, holding.held, `keepalived ${settings}\n${sha256(files, holding.config)}\n`, 0o600);
  tell(context, interfaceName, address, changed);
}

export async function holdWithKubeVip(context: TaskContext): Promise<void> {
  const { machine, need } = context;
  const [address, own, manifest] = [need('ADDRESS'), need('OWN_ADDRESS'), need('MANIFEST')] as const;
  const settings = need('SETTINGS');
  const interfaceName = interfaceWith(machine, own);
  const { files } = machine;
  assertCertified(machine, address);
  let changed = false;
  if (files.exists(holding.unit)) {
    files.remove(holding.unit);
    removePackagedKeepalived(machine, context.say);
    changed = true;
  }
  const text = `${manifest.replaceAll('@INTERFACE@', interfaceName)}\n`;
  changed = writeFile(files, holding.pod, text, 0o600) || changed;
  await answered(context, address);
  writeFile(files, holding.held, `kube-vip ${settings}\n${sha256(files, holding.pod)}\n`, 0o600);
  tell(context, interfaceName, address, changed);
}

/** `remove_keepalived` of the scripts. */
export function removePackagedKeepalived({ files }: Machine, say: (text: string) => void): void {
  if (!files.exists(holding.package)) return;
  say('removing keepalived again');
  if (files.exists(holding.program)) files.remove(holding.program);
  files.remove(holding.package);
}

/**
 * The address a machine takes its turn at, as its disk says; undefined: none.
 * kube-vip elects without priorities.
 */
export function vipHolderOf({ files }: Machine): Omit<VipHolder, 'machine'> | undefined {
  if (files.exists(holding.unit) && files.exists(holding.config)) {
    const text = files.text(holding.config);
    const address = /^virtual_ipaddress ([\d.]+)/m.exec(text)?.[1];
    const priority = Number(/^priority (\d+)/m.exec(text)?.[1] ?? 0);
    return address === undefined ? undefined : { address, by: 'keepalived', priority };
  }
  if (!files.exists(holding.pod)) return undefined;
  const pod = parse(files.text(holding.pod)) as StaticPod | undefined;
  const env = pod?.spec?.containers?.flatMap((container) => container.env ?? []) ?? [];
  const address = env.find(({ name }) => name === 'address' || name === 'vip_address')?.value;
  return address === undefined ? undefined : { address, by: 'kube-vip', priority: 100 };
}

/** What `observe` tells of it: holder and settings, as long as they are still what was written. */
export function holdOf({ files }: Machine): string {
  const [hold = '', hash] = files.exists(holding.held) ? files.text(holding.held).split('\n') : [];
  const isKeepalived = hold.startsWith('keepalived ');
  if (isKeepalived && !files.exists(holding.unit)) return '';
  return hash === sha256(files, isKeepalived ? holding.config : holding.pod) ? hold : '';
}

/** @throws TaskFailure NOT_IN_CERTIFICATE */
function assertCertified(machine: Machine, address: string): void {
  if (machine.context.behaviour.addresses.certifies(machine, address)) return;
  throw new TaskFailure(
    'NOT_IN_CERTIFICATE',
    `the certificate of this server's API does not name ${address}: tls: failed to verify certificate: x509: certificate is valid for ${machine.addresses.join(', ')}, not ${address}`,
  );
}

/** @throws TaskFailure ADDRESS_TAKEN */
function assertFree(machine: Machine, address: string): void {
  const { addresses } = machine.context.behaviour;
  if (addresses.holderOf(address) !== undefined || !addresses.isTaken(machine, address)) return;
  throw new TaskFailure('ADDRESS_TAKEN', `${address} answers already, and not as this cluster: another machine has it`);
}

function interfaceWith(machine: Machine, address: string): string {
  const found = machine.interfaces.find((known) => known.up && known.address === address)?.name;
  if (found !== undefined) return found;
  throw new TaskFailure('PRIVATE_INTERFACE_MISSING', `no interface of this machine has the address ${address}`);
}

async function answered({ machine, need, until }: TaskContext, address: string): Promise<void> {
  const { addresses } = machine.context.behaviour;
  const ok = (): true | undefined => (addresses.apiAnswers(machine, address) ? true : undefined);
  if (await until(ok, Number(need('WAIT_SECONDS')) * 1000)) return;
  throw new TaskFailure(
    'ADDRESS_SILENT',
    `the API did not answer at ${address} within ${need('WAIT_SECONDS')} s: The connection to the server ${address}:6443 was refused - did you specify the right host or port?`,
  );
}

function tell({ machine, fact }: TaskContext, interfaceName: string, address: string, changed: boolean): void {
  fact('interface', interfaceName);
  fact('holds', machine.context.behaviour.addresses.has(machine, address));
  fact('changed', changed);
}
