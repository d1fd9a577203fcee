import { afterAll, beforeAll, describe, expect } from 'vitest';

import { type ApiServer, serverOf } from '../../support/conversations.js';
import { aboutOneself, allowed, attacks, sweep, tried } from '../../support/tenant-attacks.js';
import { chapter, noted, took } from '../support/chapter.js';
import { createHosts, destroyHosts, type RigHost } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';

/** Two tenants on a real API: what one of them may not do, tried with its own kubeconfig. */
describe('tenants on a real k3s', () => {
  const step = chapter();
  const slipway = new Slipway();
  let host: RigHost;
  let server: ApiServer;

  beforeAll(async () => {
    host = (await createHosts({ tenants: 76 })).get('tenants')!;
  });
  afterAll(async () => {
    await destroyHosts('tenants');
    slipway.close();
  });

  step('are made with the cluster, and a second plan has no steps', 8, async () => {
    const tenants = ['a', 'b'].map((name) => ({ name, domains: [`${name}.example.com`] }));
    slipway.write(ringFile('tenants', [listed(host)], { components: { preset: 'none' }, tenants }));
    took(
      'create: 1 server with 2 tenants',
      (await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes'])).ms,
    );
    await slipway.done(['cluster', 'plan', 'tenants', '-f', slipway.file, '--detailed-exitcode'], { minutes: 4 });
  });

  step('what a tenant may do is let through', 3, async () => {
    const { out } = await slipway.done(['tenant', 'kubeconfig', 'tenants', 'a']);
    server = serverOf(out);
    for (const one of allowed) expect((await tried(server, one)).status, one.what).toBeLessThan(300);
  });

  step('every attack of the table is refused', 3, async () => {
    const answers = await Promise.all(attacks.map(async (one) => ({ one, answer: await tried(server, one) })));
    const through = answers.filter(({ answer }) => answer.status !== 403 && answer.status !== 422);
    noted(`${attacks.length - through.length} of ${attacks.length}`, 'attacks of a tenant refused');
    expect(through.map(({ one, answer }) => `${one.what}: ${answer.status} ${answer.body.slice(0, 200)}`)).toEqual([]);
  });

  step('no verb on any resource of another tenant or of the system is let through', 4, async () => {
    const { asked, let: found } = await sweep(server, ['b', 'b-platform', 'a-platform', 'kube-system', 'default']);
    noted(String(asked), 'verbs on resources of others asked for by a tenant');
    expect(asked).toBeGreaterThan(1000);
    expect(found.filter((line) => !aboutOneself.test(line))).toEqual([]);
  });
});
