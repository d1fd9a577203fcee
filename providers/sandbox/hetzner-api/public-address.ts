import type { ServerRecord } from './state.js';
import type { World } from './world.js';

/** The public IPv4 address, if it has one. */
export const publicAddressOf = (world: World, server: ServerRecord): string | undefined =>
  server.ipv4 === null ? undefined : world.tables.primaryIps.get(server.ipv4)?.ip;
