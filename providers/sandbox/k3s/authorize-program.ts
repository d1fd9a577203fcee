import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { folderWith } from '../package-files.js';
import type { Machine } from '../hosts/machine.js';
import type { ClusterState } from '../kube-api/controllers/cluster.js';
import type { Program, ProgramRun } from '../kube-api/controllers/programs.js';
import type { Obj } from '../kube-api/objects.js';
import { podVariable } from './pod-variable.js';

interface Container {
  readonly command?: readonly string[];
  readonly securityContext?: { readonly privileged?: boolean };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

const scriptPath = 'templates/pod/authorize-key.sh';
const endsAfterMs = 300;
const authorized = '/root/.ssh/authorized_keys';

/** What `authorize-key.sh` does in a pod: the one program of the sandbox that reaches out of its pod to the node's disk. */
export class AuthorizeProgram implements Program {
  #script: string | undefined;

  constructor(
    private readonly cluster: () => ClusterState,
    private readonly hostOf: (node: string) => Machine | undefined,
  ) {}

  matches(pod: Obj): boolean {
    const [shell, flag, script] = containerOf(pod).command ?? [];
    if (shell !== '/bin/sh' || flag !== '-c' || script === undefined) return false;
    this.#script ??= readFileSync(join(folderWith(import.meta.url, scriptPath), scriptPath), 'utf8');
    return script === this.#script;
  }

  start(pod: Obj, log: (line: string) => void): ProgramRun {
    return { kind: 'ends', afterMs: endsAfterMs, end: () => this.#run(pod, log) };
  }

  #run(pod: Obj, log: (line: string) => void): number {
    const machine = this.hostOf(pod.spec?.['nodeName'] as string);
    if (!machine) return 137;
    const mount = podVariable(this.cluster(), pod, 'HOST');
    // Without these the script finds an empty folder of its container.
    if (hostPathAt(pod, `${mount}/etc/ssh`) !== '/etc/ssh' || hostPathAt(pod, `${mount}/root/.ssh`) !== '/root/.ssh') {
      log('error=this host has no ed25519 host key');
      return 1;
    }
    const { files } = machine;
    const key = podVariable(this.cluster(), pod, 'PUBLIC_KEY');
    const lines = files.exists(authorized) ? files.text(authorized).split('\n').filter(Boolean) : [];
    const changed = !lines.some((line) => keyOf(line) === keyOf(key));
    if (changed) files.write(authorized, [...lines, key].map((line) => `${line}\n`).join(''), { mode: 0o600 });
    log(`host_key=${keyOf(files.text('/etc/ssh/ssh_host_ed25519_key.pub'))}`);
    log(`changed=${changed}`);
    return 0;
  }
}

const containerOf = (pod: Obj): Container => ((pod.spec?.['containers'] ?? []) as readonly Container[])[0] ?? {};

const keyOf = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

/** The host's folder that is mounted there, in a container that may have it. */
function hostPathAt(pod: Obj, path: string): string | undefined {
  const { volumeMounts = [], securityContext } = containerOf(pod);
  const name = securityContext?.privileged ? volumeMounts.find((mount) => mount.mountPath === path)?.name : undefined;
  const volumes = (pod.spec?.['volumes'] ?? []) as readonly { name: string; hostPath?: { path: string } }[];
  return volumes.find((volume) => volume.name === name)?.hostPath?.path;
}
