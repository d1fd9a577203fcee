import { imageOf } from './images.js';
import { publicAddressOf } from './public-address.js';
import { typeOf } from './servers.js';
import type { MachineSpec } from '../types.js';
import type { ServerRecord } from './state.js';
import type { World } from './world.js';

/** Gives a server's machine power; the first time, the machine is made. A machine that never boots stays unknown. */
export function giveMachinePower(world: World, server: ServerRecord): void {
  if (server.dead) return;
  if (server.made) {
    world.host.powerOn(server.id);
    return;
  }
  if (world.faults.keepsDown(server.name)) {
    server.dead = true;
    return;
  }
  const type = typeOf(server);
  const image = imageOf(world, server.image);
  if (image?.content?.torn) {
    server.dead = true;
    return;
  }
  server.made = true;
  const spec: MachineSpec = {
    id: server.id,
    name: server.name,
    image: image ? (image.name ?? `${image.flavor}-${image.version}`) : 'unknown',
    architecture: type.architecture === 'arm' ? 'arm64' : 'amd64',
    cores: type.cores,
    memoryMiB: type.memoryGB * 1024,
    diskGB: server.diskGB,
    userData: server.userData,
    sshKeys: server.sshKeys,
    publicAddress: publicAddressOf(world, server),
  };
  world.host.create(spec, image?.content?.disk);
  for (const net of server.nets) {
    if (net.state === 'attached') world.host.attach(server.id, net.network, net.ip);
  }
}

/** Takes the machine away, with its disk. */
export function dropMachine(world: World, server: ServerRecord): void {
  if (server.made) world.host.delete(server.id);
  server.made = false;
  server.dead = false;
}
