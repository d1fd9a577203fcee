import type { TaskContext } from '../task-runner.js';
import { writeFile } from './common.js';

const modules = 'overlay\nbr_netfilter\n';
const settings = `net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
fs.inotify.max_user_instances = 8192
fs.inotify.max_user_watches = 524288
`;
/** What loading those settings does, on machines whose kernel is looked at. */
const kernel = settings
  .trimEnd()
  .split('\n')
  .map((line) => line.split(' = '))
  .map(([name = '', value = '']) => [`/proc/sys/${name.replaceAll('.', '/')}`, `${value}\n`] as const);
const guard = '/usr/local/lib/slipway/metadata-guard.sh';
const guardUnit = '/etc/systemd/system/slipway-metadata-guard.service';

export async function prepareHost({ machine, need, fact }: TaskContext): Promise<void> {
  const block = need('BLOCK_METADATA') === 'true';
  await machine.wait(machine.context.profile().smallTaskMs);
  const { files } = machine;
  let changed = writeFile(files, '/etc/modules-load.d/slipway.conf', modules, 0o644);
  changed = writeFile(files, '/etc/sysctl.d/90-slipway.conf', settings, 0o644) || changed;
  for (const [name, value] of kernel) if (files.exists(name)) files.write(name, value);
  if (block) {
    changed = writeFile(files, guard, '# Written by Slipway. on|off\nset -eu\n', 0o644) || changed;
    const unit = `[Unit]\nDescription=Keeps pods away from the metadata service (Slipway)\n\n[Service]\nExecStart=/bin/sh ${guard} on\n`;
    changed = writeFile(files, guardUnit, unit, 0o644) || changed;
  } else if (files.exists(guardUnit)) {
    files.remove(guardUnit);
    if (files.exists(guard)) files.remove(guard);
    changed = true;
  }
  fact('changed', changed);
}
