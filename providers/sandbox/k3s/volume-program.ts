import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ClusterState } from '../kube-api/controllers/cluster.js';
import type { Program, ProgramRun } from '../kube-api/controllers/programs.js';
import type { Obj } from '../kube-api/objects.js';
import { folderWith } from '../package-files.js';
import { podVariable } from './pod-variable.js';

const scriptPath = 'templates/pod/copy-volume.sh';
const endsAfterMs = 300;

/**
 * What `copy-volume.sh` tells in a pod. Nothing is copied, as volumes of the sandbox hold nothing: it remembers which copies
 * there are in which repository, and with which password.
 */
export class VolumeProgram implements Program {
  #script: string | undefined;
  readonly #repositories = new Map<string, { readonly password: string; readonly copies: Set<string> }>();

  constructor(private readonly cluster: () => ClusterState) {}

  matches(pod: Obj): boolean {
    const containers = (pod.spec?.['containers'] ?? []) as readonly { readonly command?: readonly string[] }[];
    const [shell, flag, script] = containers[0]?.command ?? [];
    if (shell !== '/bin/sh' || flag !== '-c' || script === undefined) return false;
    this.#script ??= readFileSync(join(folderWith(import.meta.url, scriptPath), scriptPath), 'utf8');
    return script === this.#script;
  }

  start(pod: Obj, log: (line: string) => void): ProgramRun {
    return { kind: 'ends', afterMs: endsAfterMs, end: () => this.#run(pod, log) };
  }

  #run(pod: Obj, log: (line: string) => void): number {
    const of = (name: string): string => podVariable(this.cluster(), pod, name);
    const [act, place, password, backup] = ['ACT', 'RESTIC_REPOSITORY', 'RESTIC_PASSWORD', 'BACKUP'].map(of);
    const fails = (why: string): number => {
      log(`error=${why}`);
      return 1;
    };
    if (!of('AWS_ACCESS_KEY_ID') || !of('AWS_SECRET_ACCESS_KEY')) return fails('unreachable');
    const known = this.#repositories.get(place!);
    if (!known && act !== 'copy') return fails('no-repository');
    if (known && known.password !== password) return fails('wrong-password');
    const { copies } = known ?? { copies: new Set<string>() };
    this.#repositories.set(place!, { password: password!, copies });
    if (act !== 'copy') {
      if (!copies.has(backup!)) return fails('not-restored');
      if (act === 'try') log('found={"files":3,"bytes":2048}');
      log(`restored=${backup!}`);
      return 0;
    }
    copies.add(backup!);
    const stay = of('KEEP').split(' ').filter(Boolean);
    if (stay.length > 0) for (const one of copies) if (one !== backup && !stay.includes(one)) copies.delete(one);
    log('partial=false');
    log('summary={"message_type":"summary","total_files_processed":3,"total_bytes_processed":2048}');
    return 0;
  }
}
