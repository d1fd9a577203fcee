import type { MachineSpec } from '../types.js';
import type { FileSystem } from './file-system.js';

/** What a fresh disk holds, as far as anyone looks. */
export function writeFirstFiles(files: FileSystem, spec: MachineSpec): void {
  for (const folder of ['/etc/ssh', '/etc/systemd/system', '/home', '/run', '/usr/local/bin', '/var/lib', '/var/log']) {
    files.mkdirs(folder);
  }
  files.mkdir('/root', { mode: 0o700 });
  files.mkdir('/tmp', { mode: 0o1777 });
  files.mkdir('/var/tmp', { mode: 0o1777 });
  const [distribution = 'ubuntu', version = '24.04'] = spec.image.split('-');
  const name = distribution.charAt(0).toUpperCase() + distribution.slice(1);
  files.write(
    '/etc/os-release',
    `PRETTY_NAME="${name} ${version}"\nNAME="${name}"\nVERSION_ID="${version}"\nID=${distribution}\n`,
  );
  files.write('/etc/hostname', `${spec.name}\n`);
}

export function osOf(spec: MachineSpec): { readonly id: string; readonly version: string } {
  const [id = 'ubuntu', version = '24.04'] = spec.image.split('-');
  return { id, version };
}
