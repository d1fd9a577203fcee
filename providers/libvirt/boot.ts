import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import type { Clock } from '../../src/domain/clock.js';
import type { LibvirtSpec } from '../../src/domain/spec/libvirt.js';
import { IncompleteError } from '../../src/errors/index.js';
import type { CallOptions } from '../../src/provider/port.js';
import type { OurDomain, View } from './inventory.js';
import { machineVolumes } from './names.js';
import { clusterOf } from '../../src/provider/kit/ownership.js';
import type { Hypervisor } from './virsh.js';

export interface BootDeps {
  readonly clock: Clock;
  readonly stateFolder: string;
  /** Whether a port can be reached from this computer, by an answer of any kind; a refusal is one. */
  reaches(address: string, port: number, options: CallOptions): Promise<boolean>;
  /** A word for people. */
  say(text: string): void;
}

/** Milliseconds: without a word on the console, and until SSH answers with and without KVM. */
const limits = { silent: 60_000, kvm: 300_000, qemu: 900_000 } as const;
const pause = 1_000;
/** Of a console this many lines are shown. */
const shown = 12;

/** Whether machines come up, and by what: a host may offer KVM by which nothing boots. */
export class Boot {
  /** Hosts by what was seen of their KVM in this run. */
  readonly #kvm = new Map<string, 'works' | 'silent'>();

  constructor(
    private readonly accel: LibvirtSpec['accel'],
    private readonly deps: BootDeps,
  ) {}

  /** By what the next machine on a host is to run. */
  kindOn({ host, capabilities, domains }: View): 'kvm' | 'qemu' {
    if (this.accel !== 'auto') return this.accel === 'kvm' ? 'kvm' : 'qemu';
    if (!capabilities.kvm) this.#fallBack(host, `${host.name} offers no KVM`);
    // One that an earlier run brought up by emulation tells of it.
    else if (domains.some(({ kind, mark }) => mark && kind === 'qemu')) this.#kvm.set(host.name, 'silent');
    return this.#kvm.get(host.name) === 'silent' ? 'qemu' : 'kvm';
  }

  #fallBack(host: Hypervisor, why: string): void {
    if (this.#kvm.get(host.name) === 'silent') return;
    this.#kvm.set(host.name, 'silent');
    this.deps.say(`${why}: its machines are emulated in software, which is many times slower.`);
  }

  /**
   * Waits until the machine answers at the port of SSH.
   * @returns false where it said nothing by KVM, and another try by emulation is allowed
   * @throws IncompleteError code BOOT_FAILED, with the console's log saved
   */
  async wait(domain: OurDomain, options: CallOptions): Promise<boolean> {
    const { clock } = this.deps;
    const { host, kind, mark, name } = domain;
    const started = clock.monotonic();
    const limit = kind === 'kvm' ? limits.kvm : limits.qemu;
    let unproven = this.accel === 'auto' && kind === 'kvm' && this.#kvm.get(host.name) === undefined;
    for (;;) {
      options.signal.throwIfAborted();
      if (await this.deps.reaches(mark.address, 22, options)) {
        if (kind === 'kvm') this.#kvm.set(host.name, 'works');
        return true;
      }
      const waited = clock.monotonic() - started;
      options.progress?.(`booting on ${host.name}, ${Math.round(waited / 10_000) * 10} s`);
      if (unproven && waited >= limits.silent) {
        unproven = false;
        if ((await consoleOf(domain, options)).trim() === '') {
          this.#fallBack(
            host,
            `Nothing boots by KVM on ${host.name} (${name} said nothing for ${limits.silent / 1000} s)`,
          );
          return false;
        }
      }
      if (waited >= limit) throw await this.#failed(domain, limit, options);
      await clock.sleep(pause, options.signal);
    }
  }

  async #failed(domain: OurDomain, limit: number, options: CallOptions): Promise<IncompleteError> {
    const { name, mark, host } = domain;
    const folder = join(this.deps.stateFolder, 'consoles');
    const path = join(folder, `${name}.log`);
    const text = await consoleOf(domain, options);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path, text, { mode: 0o600 });
    return new IncompleteError(
      `${name} runs on ${host.name}, but does not answer SSH at ${mark.address} after ${limit / 60_000} minutes.`,
      {
        code: 'BOOT_FAILED',
        hint: `Read what it said on its console: ${path}. If it did boot, let this computer reach ${mark.address}. Then run the same command again.`,
        details: lastLines(text),
      },
    );
  }
}

/** What a machine said on its serial console; empty where it said nothing. */
async function consoleOf({ host, mark, name }: OurDomain, options: CallOptions): Promise<string> {
  const { pool } = host.spec;
  await host.read(['pool-refresh', pool], options);
  const volume = `${machineVolumes(clusterOf(mark.labels), name)}console.log`;
  return (await host.find(['vol-download', volume, '/dev/stdout', '--pool', pool], options)) ?? '';
}

/** Without what only a terminal understands. */
const lastLines = (text: string): string[] =>
  stripVTControlCharacters(text)
    .split(/\r?\n/)
    .map((line) => line.replaceAll(/\p{Cc}/gu, '').trim())
    .filter(Boolean)
    .slice(-shown);
