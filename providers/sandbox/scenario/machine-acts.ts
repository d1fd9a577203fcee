import type { World } from '../world.js';

/** Something done to machines whose name fits a regular expression. */
export interface MachineAct {
  readonly act: 'kill' | 'start' | 'reboot' | 'cutOff' | 'reconnect' | 'hang' | 'change';
  readonly name?: string;
  /** For `change`: what is particular about these machines from now on. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A file on the disk of a machine that is off, as whoever starts it from a rescue system sees it. */
export interface DiskOrder {
  readonly name: string;
  readonly path: string;
  /** What is put at the file's end. */
  readonly append?: string;
}

/** @returns the file's text */
export function onDisk(world: World, { name, path, append }: DiskOrder): string {
  const machine = world.machines.all().find(({ spec }) => spec.name === name);
  if (machine?.power !== 'off') throw new Error(`${name} is no machine that is off.`);
  if (append !== undefined) machine.files.append(path, append);
  return machine.files.text(path);
}

/** @returns names of the machines it was done to */
export function actOn(world: World, { act: what, name = '.*', facts = {} }: MachineAct): string[] {
  const pattern = new RegExp(name);
  const chosen = world.machines.all().filter(({ spec }) => pattern.test(spec.name));
  for (const machine of chosen) {
    if (what === 'change') machine.changeTraits(facts);
    else if (what === 'kill') machine.powerOff();
    else if (what === 'start') machine.powerOn();
    else if (what === 'reboot') machine.reboot();
    else if (what === 'hang') world.machines.hang(machine.id);
    else if (what === 'cutOff' || what === 'reconnect') world.machines.cutOff(machine.id, what === 'cutOff');
  }
  return chosen.map(({ spec }) => spec.name);
}
