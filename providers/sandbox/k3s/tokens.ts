import type { Machine } from '../hosts/machine.js';
import type { TokenView } from '../hosts/machine-types.js';
import type { Cluster } from './cluster.js';
import { said } from './journal-lines.js';
import type { Process } from './process.js';
import { writeServerToken } from './server-files.js';

/**
 * Tokens that servers are joined with. Each server takes those that it was started with or rotated itself; what etcd holds is
 * sealed with the servers' token, so that none starts with another one.
 */
export class Tokens implements TokenView<Machine> {
  /** @param serving the process of a machine that serves */
  constructor(private readonly serving: (machine: number) => Process | undefined) {}

  rotate(machine: Machine, token: string): boolean {
    const process = this.serving(machine.id);
    if (!process?.cluster) return false;
    process.cluster.rotateToken(token);
    process.tokens.server = token;
    writeServerToken(machine, process.cluster);
    return true;
  }
}

/** Why a server with data does not go on with them; undefined: it does. */
export const tokenRefusal = ({ tokens }: Process, { serverToken }: Cluster): string | undefined =>
  tokens.server === '' || tokens.server === serverToken ? undefined : said.otherToken;
