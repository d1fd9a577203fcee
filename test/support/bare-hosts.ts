import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { HostOrder, HostsAnswer, HostView } from '../../providers/sandbox/index.js';
import { generateKeyPair } from '../../src/remote/index.js';
import type { Cli } from './cli.js';

/** Machines that stand there already, in the sandbox of a command-line tool under test. */
export class BareHosts {
  /** Of the order; a file of the tool's home holds the private key. */
  readonly keyFile: string;

  private constructor(
    private readonly cli: Cli,
    readonly hosts: readonly HostView[],
    /** An address in their network that no host has. */
    readonly freeAddress: string,
  ) {
    this.keyFile = join(cli.home, 'id_owner');
  }

  /** The sandbox must run. @param orders how many alike, or one entry each */
  static async order(cli: Cli, orders: number | readonly HostOrder[]): Promise<BareHosts> {
    const { privateKey, publicKey } = generateKeyPair('owner');
    const sandbox = await cli.sandbox();
    const answer = await sandbox.call<HostsAnswer>('POST', 'hosts', { hosts: orders, authorizedKey: publicKey });
    const made = new BareHosts(cli, answer.hosts, answer.freeAddress);
    writeFileSync(made.keyFile, privateKey.reveal(), { mode: 0o600 });
    return made;
  }

  /** As they are now, in the order they were asked for. */
  async now(): Promise<readonly HostView[]> {
    const { hosts } = await (await this.cli.sandbox()).call<{ hosts: HostView[] }>('GET', 'hosts');
    return this.hosts.map((known) => hosts.find(({ address }) => address === known.address)!);
  }

  /** Something done to hosts whose name fits a regular expression. */
  async act(act: 'kill' | 'start' | 'reboot' | 'cutOff' | 'reconnect', name: string): Promise<void> {
    await (await this.cli.sandbox()).call('POST', 'machines', { act, name });
  }

  /** Changes what is particular about hosts; null takes a trait away. */
  async change(name: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
    await (await this.cli.sandbox()).call('POST', 'machines', { act: 'change', name, facts });
  }
}
