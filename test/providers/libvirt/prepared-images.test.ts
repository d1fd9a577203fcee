import { describe, expect, it } from 'vitest';

import { cluster, harness, lay, machine, options, requestOf } from './support.js';

const name = 'slipway/k3s-v1.36.5-k3s1';
const lost = new Error('the connection was lost');
const everywhere = { locations: ['north', 'south'] };

async function sealed() {
  const given = await harness();
  const provider = await given.open();
  const made = await lay(provider, requestOf([machine()], everywhere));
  const created = await provider.machines.create(machine(), '', made, options);
  await provider.powerOff(created, options);
  const disk = [...given.fakes.kvm1.volumes].find(([volume]) => volume.endsWith('.disk'))![1];
  disk.content = Buffer.from('what was installed');
  const request = { name, base: 'debian-12', machine: created };
  return { given, made, created, request, keep: async () => (await given.open()).images.create(request, options) };
}

const steps = ['vol-create-from', 'vol-create', 'vol-upload'];

describe('An image of a machine', () => {
  it.each(steps.flatMap((command) => [[command, 'before'] as const, [command, 'after'] as const]))(
    'that was lost at %s, %s the work, is not offered, and is finished by the next run, once',
    async (command, when) => {
      const { given, keep } = await sealed();
      given.fakes.kvm1.failNext(command, lost, when);
      await expect(keep()).rejects.toMatchObject({ code: 'LIBVIRT_UNREACHABLE' });
      const before = await (await given.open()).images.list(options);
      const isWhole = command === 'vol-upload' && when === 'after';
      expect(before).toHaveLength(isWhole ? 1 : 0);
      const kept = await keep();
      expect(await (await given.open()).images.list(options)).toEqual([kept]);
    },
  );

  it('is one from which machines start on other hosts, which have a copy of their own for the cluster', async () => {
    const { given, made, keep } = await sealed();
    const kept = await keep();
    const next = machine(2, { location: 'south', image: name });
    const provider = await given.open();
    const [created] = await Promise.all([
      provider.machines.create(next, '', made, options),
      provider.machines.create(machine(3, { location: 'south', image: name }), '', made, options),
    ]);
    expect(created).toMatchObject({ imageNames: [name, kept.id], status: 'running' });
    const copies = [...given.fakes.kvm2.volumes].filter(([volume]) => /\.image\.slipway-image\..*[^e]$/.test(volume));
    expect(copies.map(([, { content }]) => content.toString().trim())).toEqual(['what was installed']);
    await provider.images.delete(kept, options);
    for (const one of await provider.machines.list(cluster, options)) await provider.machines.delete(one, options);
    for (const item of await provider.infrastructure.list(cluster, options))
      await provider.infrastructure.remove(item, options);
    expect(await given.outside.everything()).toEqual([]);
  });

  it('is carried anew to a host where its way there was cut short', async () => {
    const { given, made, keep } = await sealed();
    await keep();
    const next = machine(2, { location: 'south', image: name });
    given.fakes.kvm2.failNext('vol-upload', lost);
    await expect((await given.open()).machines.create(next, '', made, options)).rejects.toMatchObject({
      code: 'LIBVIRT_UNREACHABLE',
    });
    expect((await (await given.open()).machines.create(next, '', made, options)).status).toBe('running');
  });

  it('is no cluster’s: neither is a cluster found by it, nor does one take it along when it goes', async () => {
    const { given, created, keep } = await sealed();
    const kept = await keep();
    const provider = await given.open();
    await provider.machines.delete(created, options);
    for (const item of await provider.infrastructure.list(cluster, options))
      await provider.infrastructure.remove(item, options);
    expect(await provider.clusters(options)).toEqual([]);
    expect(await provider.images.list(options)).toEqual([kept]);
  });
});

describe('A machine that was given another place', () => {
  it('has it after a restart too, by the name of its domain, and a new one of its old name is another', async () => {
    const given = await harness();
    const provider = await given.open();
    const made = await lay(provider, requestOf([machine(), machine(2)]));
    const created = await provider.machines.create(machine(), '', made, options);
    await provider.relabel(created, machine(2), options);
    await provider.powerOff(created, options);
    const again = await given.open();
    expect(await again.machines.create(machine(2), '', made, options)).toMatchObject({
      ...{ id: created.id, name: machine(2).name, slot: 2, status: 'running' },
    });
    const other = await again.machines.create(machine(), '', made, options);
    expect(other).toMatchObject({ name: machine().name, slot: 1 });
    expect((await (await given.open()).machines.create(machine(), '', made, options)).id).toBe(other.id);
    const taken = (await again.machines.list(cluster, options)).map((one) => one.privateAddress);
    expect(new Set(taken).size).toBe(2);
    await again.machines.delete(created, options);
    expect(await again.machines.list(cluster, options)).toMatchObject([{ id: other.id, name: machine().name }]);
  });
});
