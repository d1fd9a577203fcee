import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { alone, cluster, harness, lay, machine, options, requestOf } from './support.js';

const lost = new Error('the connection was lost');
/** Calls that a create makes and that change something. */
const changes = ['vol-create', 'vol-upload', 'define', 'autostart', 'start'];

describe('A machine, when its host fails', () => {
  it.each(changes.flatMap((command) => [[command, 'before'] as const, [command, 'after'] as const]))(
    'that was lost at %s, %s the work, is finished by the next run, once',
    async (command, when) => {
      const given = await harness(alone);
      const made = await lay(await given.open(), requestOf([machine()]));
      given.fakes.kvm1.failNext(command, lost, when);
      await expect((await given.open()).machines.create(machine(), '', made, options)).rejects.toMatchObject({
        code: 'LIBVIRT_UNREACHABLE',
        exitCode: 4,
      });
      const again = await given.open();
      expect((await again.machines.create(machine(), '', made, options)).status).toBe('running');
      expect([...given.fakes.kvm1.domains.values()]).toMatchObject([
        { name: machine().name, running: true, autostart: true },
      ]);
      await again.machines.delete((await again.machines.list(cluster, options))[0]!, options);
      for (const item of await again.infrastructure.list(cluster, options))
        await again.infrastructure.remove(item, options);
      expect(await given.outside.everything()).toEqual([]);
    },
  );

  it.each(
    ['destroy', 'vol-delete', 'undefine'].flatMap((command) => [
      [command, 'before'] as const,
      [command, 'after'] as const,
    ]),
  )('whose delete was lost at %s, %s the work, is gone after the next', async (command, when) => {
    const given = await harness(alone);
    const provider = await given.open();
    const made = await lay(provider, requestOf([machine()]));
    const created = await provider.machines.create(machine(), '', made, options);
    given.fakes.kvm1.failNext(command, lost, when);
    await expect(provider.machines.delete(created, options)).rejects.toMatchObject({ code: 'LIBVIRT_UNREACHABLE' });
    await (await given.open()).machines.delete(created, options);
    expect((await given.outside.everything()).filter((one) => one.includes('machine'))).toEqual([]);
  });

  it('left its disk behind where nobody finished it, and the removal of the cluster finds that', async () => {
    const given = await harness(alone);
    const provider = await given.open();
    const made = await lay(provider, requestOf([machine()]));
    given.fakes.kvm1.failNext('define', lost);
    await provider.machines.create(machine(), '', made, options).catch(() => {});
    for (const item of await provider.infrastructure.list(cluster, options))
      await provider.infrastructure.remove(item, options);
    expect(await given.outside.everything()).toEqual([]);
  });

  it('is refused in libvirt’s own words where the bridge is missing', async () => {
    const given = await harness();
    given.fakes.kvm1.bridges = [];
    const provider = await given.open();
    const made = await lay(provider, requestOf([machine()]));
    await expect(provider.machines.create(machine(), '', made, options)).rejects.toMatchObject({
      code: 'LIBVIRT_REFUSED',
      exitCode: 4,
      message: "libvirt on kvm1 refused start: Cannot get interface MTU on 'br0': No such device",
    });
  });

  it('has its console kept, and shown in its last words, where it does not come up', async () => {
    const given = await harness(alone);
    given.fakes.kvm1.bootsTo = 'Linux version 6.1\r\n\u001b[31mKernel panic - not syncing: VFS\u001b[0m\r\n';
    const provider = await given.open();
    const made = await lay(provider, requestOf([machine()]));
    const path = join(given.folder, 'consoles', `${machine().name}.log`);
    await expect(provider.machines.create(machine(), '', made, options)).rejects.toMatchObject({
      code: 'BOOT_FAILED',
      exitCode: 4,
      hint: expect.stringContaining(path) as string,
      details: ['Linux version 6.1', 'Kernel panic - not syncing: VFS'],
    });
    expect(readFileSync(path, 'utf8')).toContain('Kernel panic');
  });
});

describe('KVM', () => {
  it('is proved by what boots: where nothing does, and that is allowed, machines are emulated, with a warning', async () => {
    const given = await harness({ ...alone, accel: 'auto' });
    given.fakes.kvm1.kvmIsSilent = true;
    const provider = await given.open();
    const many = [1, 2].map((slot) => machine(slot));
    const made = await lay(provider, requestOf(many));
    await provider.machines.create(many[0]!, '', made, options);
    await provider.machines.create(many[1]!, '', made, options);
    expect([...given.fakes.kvm1.domains.values()].map(({ kind, running }) => [kind, running])).toEqual([
      ['qemu', true],
      ['qemu', true],
    ]);
    expect(given.said).toEqual([
      `Nothing boots by KVM on kvm1 (${many[0]!.name} said nothing for 60 s): its machines are emulated in software, which is many times slower.`,
    ]);
    // The next run does not try it again.
    const before = given.fakes.kvm1.calls.length;
    await (await given.open()).machines.create(machine(3), '', made, options);
    expect(given.fakes.kvm1.calls.slice(before).filter((call) => call === 'destroy')).toEqual([]);
  });

  it('that boots is what machines run by', async () => {
    const given = await harness({ ...alone, accel: 'auto' });
    const provider = await given.open();
    await provider.machines.create(machine(), '', await lay(provider, requestOf([machine()])), options);
    expect([...given.fakes.kvm1.domains.values()].map(({ kind }) => kind)).toEqual(['kvm']);
    expect(given.said).toEqual([]);
  });

  it('that does not boot is an error where nothing else is allowed', async () => {
    const given = await harness(alone);
    given.fakes.kvm1.kvmIsSilent = true;
    const provider = await given.open();
    const made = await lay(provider, requestOf([machine()]));
    await expect(provider.machines.create(machine(), '', made, options)).rejects.toMatchObject({ code: 'BOOT_FAILED' });
  });
});

describe('A network of our own', () => {
  it('is made, started and removed, and stands on its range', async () => {
    const given = await harness(alone);
    const provider = await given.open();
    await lay(provider, requestOf([machine()]));
    expect([...given.fakes.kvm1.networks]).toMatchObject([
      ['slipway.demo.k3f9x2', { active: true, address: '10.0.0.1' }],
    ]);
    given.fakes.kvm1.networks.get('slipway.demo.k3f9x2')!.active = false;
    expect(
      (await provider.infrastructure.plan(requestOf([machine()]), options)).map(({ id, state }) => [id, state]),
    ).toEqual([
      ['network', 'missing'],
      ['image:debian-12:kvm1', 'present'],
    ]);
    await lay(provider, requestOf([machine()]));
    expect([...given.fakes.kvm1.networks.values()]).toMatchObject([{ active: true }]);
    await expect(
      provider.infrastructure.plan(requestOf([machine()], { networkRange: '10.9.0.0/16' }), options),
    ).rejects.toMatchObject({ code: 'NETWORK_RANGE_CHANGED', exitCode: 3 });
  });

  it('of somebody else is not used, whether it was there before the plan or came after', async () => {
    const given = await harness(alone);
    const provider = await given.open();
    const [network] = await provider.infrastructure.plan(requestOf([machine()]), options);
    await given.outside.network(network!.name);
    await expect(provider.infrastructure.plan(requestOf([machine()]), options)).rejects.toMatchObject({
      code: 'NAME_TAKEN',
    });
    await expect(provider.infrastructure.ensure(network!, new Map(), options)).rejects.toMatchObject({
      code: 'NAME_TAKEN',
    });
    expect(await provider.infrastructure.list(cluster, options)).toEqual([]);
  });
});

describe('An image', () => {
  it.each(
    ['vol-create', 'vol-upload'].flatMap((command) => [[command, 'before'] as const, [command, 'after'] as const]),
  )(
    'whose copy was lost at %s, %s the work, is copied whole before a machine starts from it',
    async (command, when) => {
      const given = await harness();
      writeFileSync(join(given.folder, 'debian.qcow2'), 'an image');
      const provider = await given.open();
      given.fakes.kvm1.failNext(command, lost, when);
      await expect(lay(provider, requestOf([machine()]))).rejects.toMatchObject({ code: 'LIBVIRT_UNREACHABLE' });
      const plan = await provider.infrastructure.plan(requestOf([machine()]), options);
      expect(plan.map(({ state }) => state)).toEqual(['missing']);
      await lay(provider, requestOf([machine()]));
      const [image] = [...given.fakes.kvm1.volumes].filter(([name]) => !name.endsWith('.whole'));
      expect(image?.[1].content.toString()).toBe('an image');
    },
  );
});
