import { createHash } from 'node:crypto';

import type { Random } from '../random.js';
import { UnexpectedError, UsageError } from '../../../src/provider/index.js';
import { generateHostKey, publicKeyOf } from './host-key.js';
import { type HostTraits, traitsWith } from './host-traits.js';
import type { Machines } from './index.js';
import type { Machine } from './machine.js';

/** What the owner of bare hosts asks for: `POST /_sandbox/hosts`. */
export interface HostsOrder {
  /** One entry per host, or how many that are alike. */
  readonly hosts: number | readonly HostOrder[];
  /** OpenSSH public key that may log in. */
  readonly authorizedKey: string;
}

export interface HostOrder {
  /** Its hostname. Default: `host-1`, `host-2` … */
  readonly name?: string;
  /** Default: root. Another user has sudo, which `sudoRefused` takes away. */
  readonly user?: string;
  /** OpenSSH private key of its sshd; default: a new one. */
  readonly hostKey?: string;
  readonly sshPort?: number;
  /** What is particular about it: see `HostTraits`. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A bare host, as its owner knows it. */
export interface HostView {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH public key of its sshd. */
  readonly hostKey: string;
  readonly power: string;
  readonly bootId: string;
  readonly facts: HostTraits;
  /** Units of systemd that run. */
  readonly units: readonly string[];
  /** Path, mode, owner and SHA-256 of every file on it. */
  readonly files: readonly string[];
}

export interface HostsAnswer {
  readonly hosts: readonly HostView[];
  /** An address in their network that no host has. */
  readonly freeAddress: string;
}

/** Far from what the cloud's machines have. */
const firstId = 1_000_000_000;
const defaultSshPort = 2222;
const triesForNetwork = 50;

/** Machines that stand there already: not made and never deleted by the cloud's API. */
export class BareHosts {
  constructor(
    private readonly machines: Machines,
    private readonly random: Random,
  ) {}

  all(): readonly Machine[] {
    return this.machines.all().filter(({ spec }) => spec.bare);
  }

  list(): readonly HostView[] {
    return this.all().map(viewOf);
  }

  /**
   * Puts hosts into a network of this computer that nobody uses: 127.77.x.11 and on, SSH on port 2222.
   * @throws UsageError code SANDBOX_HOST for an order that cannot be
   */
  async order({ hosts, authorizedKey }: HostsOrder): Promise<HostsAnswer> {
    const orders = typeof hosts === 'number' ? Array.from({ length: hosts }, (): HostOrder => ({})) : hosts;
    if (typeof authorizedKey !== 'string' || orders.length === 0 || orders.length > 200) {
      throw new UsageError('An order of bare hosts wants hosts (1 to 200) and authorizedKey.', {
        code: 'SANDBOX_HOST',
        hint: 'POST {"hosts": 3, "authorizedKey": "ssh-ed25519 AAAA…"}.',
      });
    }
    const taken = this.all().length;
    const desired = orders.map((order, index) => ({
      name: order.name ?? `host-${taken + index + 1}`,
      user: order.user ?? 'root',
      hostKey: order.hostKey ?? generateHostKey(order.name ?? `host-${taken + index + 1}`).privateKey,
      sshPort: order.sshPort ?? defaultSshPort,
      traits: traitsWith(order.facts ?? {}),
    }));
    for (let tries = 0; tries < triesForNetwork; tries += 1) {
      const network = `127.77.${1 + Math.floor(this.random.fraction() * 254)}`;
      const made: Machine[] = [];
      try {
        for (const [index, host] of desired.entries())
          made.push(await this.stand(host, `${network}.${11 + index}`, authorizedKey));
        return { hosts: made.map(viewOf), freeAddress: `${network}.250` };
      } catch (error) {
        for (const machine of made) this.machines.delete(machine.id);
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      }
    }
    throw new UnexpectedError('No network from 127.77.1.0 to 127.77.254.0 is free on this computer.', {
      code: 'SANDBOX_HOST',
      hint: 'Stop other sandboxes, or reset them.',
    });
  }

  /** Changes what is particular about hosts whose name fits. */
  change(name: RegExp, facts: Readonly<Record<string, unknown>>): void {
    for (const machine of this.all()) if (name.test(machine.spec.name)) machine.changeTraits(facts);
  }

  private async stand(
    host: { name: string; user: string; hostKey: string; sshPort: number; traits: HostTraits },
    address: string,
    authorizedKey: string,
  ): Promise<Machine> {
    const { traits, name } = host;
    return await this.machines.stand(
      {
        id: Math.max(firstId, ...this.all().map(({ id }) => id)) + 1,
        name,
        image: traits.os,
        architecture: traits.architecture,
        cores: traits.cores,
        memoryMiB: traits.memoryMiB,
        diskGB: traits.diskGiB * 1.073741824,
        userData: '',
        sshKeys: [authorizedKey],
        publicAddress: address,
        bare: { address, sshPort: host.sshPort, user: host.user, sudo: true, hostKey: host.hostKey },
      },
      traits,
    );
  }
}

function viewOf(machine: Machine): HostView {
  const { bare, name } = machine.spec;
  return {
    name,
    address: bare!.address,
    port: bare!.sshPort,
    user: bare!.user,
    hostKey: publicKeyOf(bare!.hostKey),
    power: machine.isCutOff ? 'cut off' : machine.power,
    bootId: machine.bootId,
    facts: machine.traits ?? traitsWith({}),
    units: (['k3s', 'k3s-agent'] as const).filter((unit) => machine.units.get(unit)?.state === 'active'),
    files: machine.files.entries().map(
      ([path, { mode, owner, content, sha256 }]) =>
        `${path} ${mode.toString(8)} ${owner} ${
          sha256 ??
          createHash('sha256')
            .update(content ?? '')
            .digest('hex')
        }`,
    ),
  };
}
