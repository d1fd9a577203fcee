import { posix } from 'node:path';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { paths, sha256, writeFile } from './common.js';

export const incoming = '/var/lib/slipway/incoming';
export const imagesFolder = '/var/lib/rancher/k3s/agent/images';
export const registriesFile = '/etc/rancher/k3s/registries.yaml';

export async function putK3sFiles({ machine, need, param, say, fact }: TaskContext): Promise<void> {
  const lines = need('FILES').split('\n');
  const owner = need('OWNER');
  await machine.wait(machine.context.profile().smallTaskMs);
  const { files } = machine;
  const missing: string[] = [];
  let keep = false;
  let changed = false;
  for (const line of lines.filter((text) => text.trim() !== '')) {
    const [sum = '', name = ''] = line.trim().split(/\s+/);
    if (!/^[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/.test(name))
      throw new TaskFailure('BAD_PARAMETER', `a line of FILES is no sum and name: ${sum} ${name}`);
    const place = name === 'k3s' ? paths.binary : posix.join(imagesFolder, name);
    const arrived = posix.join(incoming, name);
    if (sha256(files, place) === sum) {
      if (files.exists(arrived)) files.remove(arrived);
    } else if (sha256(files, arrived) !== sum) missing.push(name);
    else if (name === 'k3s') keep = true;
    else {
      say(`putting ${name} in its place`);
      files.mkdirs(imagesFolder);
      files.rename(arrived, place);
      files.setAttributes(place, { mode: 0o644, owner: 'root' });
      changed = true;
    }
  }
  if (missing.length > 0) {
    files.mkdirs(incoming);
    files.setAttributes(posix.dirname(incoming), { mode: 0o711 });
    files.setAttributes(incoming, { mode: 0o700, owner });
    const free = Math.floor(files.freeBytes / 2 ** 20);
    fact('images_free_mib', free);
    fact('free_mib', free);
  } else if (!keep && files.exists(incoming)) files.removeTree(incoming);
  if (param('REGISTRIES') !== '') changed = writeFile(files, registriesFile, param('REGISTRIES'), 0o600) || changed;
  fact('folder', incoming);
  fact('missing', missing.join(' '));
  fact('changed', changed);
}
