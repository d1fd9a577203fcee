import { createHash } from 'node:crypto';

import type { FileSystem } from '../file-system.js';
import type { Machine } from '../machine.js';
import type { UnitName } from '../units.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { paths, sha256, writeFile } from './common.js';
import { registriesFile } from './put-k3s-files.js';

const formerFiles = [paths.formerConfig, paths.formerUnit, paths.formerUntil];

export const unitFileOf = (unit: UnitName): string => `/etc/systemd/system/${unit}.service`;

/** What k3s is started with; registries are read at the start only, like the configuration. */
export function startedWith(files: FileSystem, unitFile: string): string {
  const registries = sha256(files, registriesFile);
  return `${sha256(files, paths.config)}/${sha256(files, unitFile)}/${sha256(files, paths.binary)}${registries && `/${registries}`}\n`;
}

/** What k3s runs well with stays, with the hash of the configuration that comes after it. */
export function keepFormer({ files, units }: Machine, unit: UnitName, config: string, text: string): void {
  const unitFile = unitFileOf(unit);
  const isWell = units.get(unit)?.state === 'active' && files.exists(paths.started);
  if (!isWell || files.text(paths.started) !== startedWith(files, unitFile)) return;
  const former = [files.text(paths.config), files.text(unitFile)] as const;
  if (former[0] === `${config}\n` && former[1] === `${text}\n`) return dropFormer(files);
  writeFile(files, paths.formerConfig, former[0], 0o600);
  writeFile(files, paths.formerUnit, former[1], 0o600);
  writeFile(files, paths.formerUntil, createHash('sha256').update(config).digest('hex'), 0o600);
}

export function dropFormer(files: FileSystem): void {
  for (const path of formerFiles) if (files.exists(path)) files.remove(path);
}

export async function putBackSettings({ machine, need, fact }: TaskContext): Promise<void> {
  const unitFile = unitFileOf(need('ROLE') === 'server' ? 'k3s' : 'k3s-agent');
  const until = need('UNTIL');
  const { files } = machine;
  await machine.wait(machine.context.profile().smallTaskMs);
  if (!files.exists(paths.formerUntil) || files.text(paths.formerUntil) !== until)
    throw new TaskFailure('NO_FORMER_SETTINGS', 'what k3s ran with before is not on this machine');
  const unit = writeFile(files, unitFile, files.text(paths.formerUnit), 0o644);
  const config = writeFile(files, paths.config, files.text(paths.formerConfig), 0o600);
  fact('changed', unit || config);
}
