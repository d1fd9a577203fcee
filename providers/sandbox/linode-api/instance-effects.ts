import { systemOf, typeNamed } from './catalogue.js';
import { unguard } from './firewalls.js';
import type { Effect } from './jobs.js';
import { nodeBooted, nodeLost } from './lke/work.js';
import type { InstanceRecord } from './state.js';
import type { World } from './world.js';

/** Gives an instance's machine power; the first time, the machine is made. */
function givePower(world: World, one: InstanceRecord): void {
  // What LKE runs on its nodes is a Kubernetes of its own; nobody logs in to them.
  if (one.dead || one.lke !== null) return;
  if (one.made) return world.host.powerOn(one.id);
  if (world.faults.keepsDown(one.label)) {
    one.dead = true;
    return;
  }
  const type = typeNamed(one.type)!;
  one.made = true;
  world.host.create({
    id: one.id,
    name: one.label,
    image: systemOf(one.image),
    architecture: 'amd64',
    cores: type.cores,
    memoryMiB: type.memoryGB * 1024,
    diskGB: type.diskGB,
    userData: one.userData,
    sshKeys: one.keys,
    publicAddress: one.ipv4,
  });
  for (const { vpc, ip } of one.interfaces) if (vpc !== null && ip !== null) world.host.attach(one.id, vpc, ip);
}

/** What was its own goes with it; volumes stay. */
function forget(world: World, one: InstanceRecord): void {
  unguard(world, 'linode', one.id);
  for (const volume of world.tables.volumes.values()) if (volume.linode === one.id) volume.linode = null;
  world.tables.instances.delete(one.id);
  nodeLost(world, one);
}

/** What a job on an instance ends with. */
export function endInstanceJob(world: World, effect: Extract<Effect, { kind: `instance.${string}` }>): void {
  const one = world.tables.instances.get(effect.id);
  if (!one) return;
  switch (effect.kind) {
    case 'instance.provisioned':
      one.status = 'booting';
      givePower(world, one);
      world.jobs.start({ kind: 'instance.booted', id: one.id }, world.profile.actionMs, null);
      return;
    case 'instance.booted':
    case 'instance.rebooted':
      one.status = 'running';
      if (effect.kind === 'instance.booted') nodeBooted(world, one);
      return;
    case 'instance.off':
      one.status = 'offline';
      return;
    case 'instance.gone':
      return forget(world, one);
  }
}
