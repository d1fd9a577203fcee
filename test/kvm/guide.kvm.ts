import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { Cli } from '../support/cli.js';
import { virsh } from './real-libvirt.js';

const guide = readFileSync(new URL('../../docs/guides/kvm.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\\n([^\`]+)\`\`\``, 'g'))].map(([, block]) => block!.trim());
const commands = blocks('sh').flatMap((block) => block.split('\n'));
const image = execFileSync(new URL('image.sh', import.meta.url).pathname, { encoding: 'utf8' }).trim();

const cli = new Cli();
afterAll(() => {
  virsh('pool-destroy', 'default');
  virsh('pool-undefine', 'default');
  return cli.close();
});

it('what the guide to KVM has done to a host makes its own file one whose plan can be shown', async () => {
  for (const line of commands.filter((one) => one.startsWith('virsh pool-'))) virsh(...line.split(' ').slice(1));
  const file = parse(blocks('yaml')[0]!) as { provider: { libvirt: { accel?: string; images: object[] } } };
  // What this machine has: no internet, and no KVM by which anything boots.
  file.provider.libvirt.images = [{ name: 'debian-12', file: image }];
  file.provider.libvirt.accel = 'tcg';
  writeFileSync(join(cli.home, 'cluster.yaml'), stringify(file));
  const plan = commands.find((one) => one.startsWith('slipway cluster plan'))!;
  const ran = await cli.run(plan.split(' ').slice(1));
  expect(ran, ran.err).toMatchObject({ code: 0 });
  expect(ran.out).toContain('copy image debian-12 to big (pool default)');
  expect(ran.out).toContain('create small in local');
});
