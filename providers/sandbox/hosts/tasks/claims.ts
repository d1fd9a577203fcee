import { type TaskContext, TaskFailure } from '../task-runner.js';
import type { Machine } from '../machine.js';
import { removePackagedKeepalived } from './hold-address.js';
import { paths, writeFile } from './common.js';

const folder = '/etc/slipway';
const claimFile = `${folder}/claim`;
const kernelFile = `${folder}/kernel-before`;
const fields = [
  'machine',
  'cluster',
  'cluster_id',
  'pool',
  'role',
  'slot',
  'generation',
  'distribution',
  'claimed_at',
] as const;
const settings = [
  'net/ipv4/ip_forward',
  'net/ipv6/conf/all/forwarding',
  'net/ipv4/conf/all/route_localnet',
  'net/bridge/bridge-nf-call-iptables',
  'net/bridge/bridge-nf-call-ip6tables',
  'net/netfilter/nf_conntrack_max',
  'fs/inotify/max_user_instances',
  'fs/inotify/max_user_watches',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
];

/** `claim_field` of the scripts: empty when the host is free. */
export function claimField({ files }: Machine, name: string): string {
  const text = files.exists(claimFile) ? files.text(claimFile) : '';
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
}

/** @throws TaskFailure HOST_TAKEN */
function refuseOther({ machine, need, fact }: TaskContext): void {
  const [id, holder] = [claimField(machine, 'cluster_id'), claimField(machine, 'machine')];
  if (id === '' || `${id} ${holder}` === `${need('CLUSTER_ID')} ${need('MACHINE')}`) return;
  fact('taken_by', claimField(machine, 'cluster'));
  fact('taken_as', holder);
  throw new TaskFailure(
    'HOST_TAKEN',
    `this host belongs to the cluster ${claimField(machine, 'cluster')} as ${holder}`,
  );
}

export async function claimHost(context: TaskContext): Promise<void> {
  const { machine, need, fact } = context;
  const desired = ['MACHINE', 'CLUSTER', 'CLUSTER_ID', 'POOL', 'ROLE', 'SLOT', 'GENERATION', 'DISTRIBUTION', 'AT'].map(
    need,
  );
  await machine.wait(machine.context.profile().smallTaskMs);
  refuseOther(context);
  const { files } = machine;
  const free = claimField(machine, 'cluster_id') === '';
  if (!files.exists(kernelFile)) {
    const known = settings.filter((name) => files.exists(`/proc/sys/${name}`));
    writeFile(files, kernelFile, known.map((name) => `${name} ${files.text(`/proc/sys/${name}`)}`).join(''), 0o600);
  }
  if (free) {
    const lines = fields.map((field, index) => `${field}=${desired[index] ?? ''}\n`);
    writeFile(files, claimFile, `# Written by Slipway: what this host is used for.\n${lines.join('')}`, 0o600);
  }
  fact('claimed_at', claimField(machine, 'claimed_at'));
  fact('boot_id', machine.bootId);
  fact('changed', free);
}

export async function readClaim({ machine, fact }: TaskContext): Promise<void> {
  await machine.wait(machine.context.profile().smallTaskMs);
  for (const field of fields) fact(field, claimField(machine, field));
  fact('data_free_mib', dataFree(machine).join(' '));
  fact('boot_id', machine.bootId);
}

/** What is left where the cluster's data are: the disk of the host, and that of etcd where it is one of its own. */
function dataFree({ files, traits }: Machine): string[] {
  const free = Math.floor(files.freeBytes / 2 ** 20);
  const own = traits?.etcdDiskFreeMiB;
  return [
    ...(files.exists(paths.data) ? [`${paths.data}=${free}`] : []),
    ...(own !== undefined && files.exists(paths.server) ? [`${paths.server}/db=${own}`] : []),
  ];
}

export async function releaseHost(context: TaskContext): Promise<void> {
  const { machine, need, say, fact } = context;
  need('MACHINE');
  need('CLUSTER_ID');
  if (claimField(machine, 'cluster_id') === '') {
    fact('changed', false);
    return;
  }
  refuseOther(context);
  const { files } = machine;
  say('stopping k3s and its pods');
  for (const unit of ['k3s', 'k3s-agent'] as const) {
    if (!files.exists(`/etc/systemd/system/${unit}.service`)) continue;
    machine.enableUnit(unit, false);
    machine.removeUnit(unit);
  }
  await machine.wait(machine.context.profile().podStopMs);
  for (const name of files.list('/etc/systemd/system'))
    if (/^slipway-.*\.(service|timer)$/.test(name)) files.remove(`/etc/systemd/system/${name}`);
  say('removing the data of k3s');
  await machine.wait(machine.context.profile().smallTaskMs);
  const trees = ['/var/lib/rancher', '/etc/rancher', '/var/lib/kubelet', '/run/k3s', '/run/flannel', '/var/log/pods'];
  for (const path of [...trees, '/var/log/containers', paths.binary]) removed(machine, path);
  removePackagedKeepalived(machine, say);
  say('removing what Slipway wrote');
  removed(machine, '/etc/modules-load.d/slipway.conf');
  for (const name of listed(machine, '/etc/sysctl.d'))
    if (name.endsWith('-slipway.conf')) removed(machine, `/etc/sysctl.d/${name}`);
  for (const path of ['/usr/local/lib/slipway', '/var/lib/slipway']) removed(machine, path);
  for (const name of listed(machine, '/var/tmp')) if (name.startsWith('slipway-')) removed(machine, `/var/tmp/${name}`);
  for (const line of files.exists(kernelFile) ? files.text(kernelFile).split('\n') : []) {
    const [name = '', value = ''] = line.split(' ');
    if (name !== '' && files.exists(`/proc/sys/${name}`)) files.write(`/proc/sys/${name}`, `${value}\n`);
  }
  // The claim goes last.
  for (const name of listed(machine, folder)) if (name !== 'claim') removed(machine, `${folder}/${name}`);
  removed(machine, folder);
  fact('changed', true);
}

export async function rebootHost({ machine, need, fact, deadlineMs }: TaskContext): Promise<void> {
  if (machine.bootId === need('BOOT_ID')) {
    machine.reboot();
    await machine.wait(machine.patience(deadlineMs));
    throw new TaskFailure('REBOOT_FAILED', 'the machine was told to start anew, and still runs');
  }
  fact('boot_id', machine.bootId);
}

const listed = ({ files }: Machine, path: string): string[] => (files.exists(path) ? files.list(path) : []);

function removed({ files }: Machine, path: string): void {
  if (files.exists(path)) files.removeTree(path);
}
