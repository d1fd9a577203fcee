import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import { Cli, type Run } from '../support/cli.js';
import { client } from '../support/clients.js';
import { guideBlocks, typedArgs } from '../support/guide.js';
import { type S3Server, versitygw } from '../support/s3-servers.js';

const blocks = guideBlocks('disaster-recovery');
const available = client('versitygw') !== undefined;
const signal = new AbortController().signal;

describe.skipIf(!available)('the guide to disaster recovery', () => {
  const cli = new Cli();
  let server: S3Server;
  let bucket: string;
  beforeAll(async () => {
    server = (await versitygw())!;
    bucket = await server.bucket();
  });
  afterAll(async () => {
    await cli.close();
    await server?.close();
  });

  const typed = async (commands: readonly string[], env: Readonly<Record<string, string>>): Promise<readonly Run[]> => {
    const runs: Run[] = [];
    for (const command of commands) {
      const run = await cli.run(typedArgs(command, bucket), env);
      expect(run, `${command}\n${run.err}`).toMatchObject({ code: 0 });
      runs.push(run);
    }
    return runs;
  };

  it(
    'leads from a laptop and all machines lost to an API that answers, by its own commands',
    { timeout: 480_000 },
    async () => {
      expect(blocks.map((block) => block.length)).toEqual([4, 1, 4, 3]);
      const created = await cli.run(
        [
          'cluster',
          'create',
          'acme',
          '--provider',
          'sandbox',
          '--control-planes',
          '1',
          '--workers',
          '1',
          '--components',
          'none',
          '--yes',
        ],
        server.env,
      );
      expect(created, created.err).toMatchObject({ code: 0 });
      await typed(blocks[0]!.slice(0, 2), server.env);
      const env = { ...server.env, SLIPWAY_WORKSPACE: `s3://${bucket}/prod` };
      await typed(blocks[0]!.slice(2), env);
      const [drill] = await typed(blocks[1]!, env);
      expect(drill!.out).toMatch(
        /\S+ can be restored: data that was \d+ s old, in \d+ s\. The copy is deleted again\./,
      );
      expect(await cli.cloud('servers')).toHaveLength(2);

      // The copy in the safe; the cloud goes on, the laptop does not.
      const identity = join(cli.home, 'from-the-safe.txt');
      copyFileSync(join(cli.home, 'ws/identity.txt'), identity);
      const { endpoint, info } = await cli.sandbox();
      for (const { id } of await cli.cloud<{ id: number; name: string }>('servers'))
        await fetch(`${endpoint}/servers/${id}`, {
          method: 'DELETE',
          headers: { Authorization: `Bearer ${info.cloudToken}` },
        });
      await expect.poll(() => cli.cloud('servers')).toEqual([]);
      for (const name of readdirSync(join(cli.home, 'ws')))
        if (name !== 'state') rmSync(join(cli.home, 'ws', name), { recursive: true });
      rmSync(join(cli.home, 'ws/state/seen'), { recursive: true });

      const elsewhere = { ...env, SLIPWAY_AGE_KEY_FILE: identity };
      const [recovered, listed, restored, status] = await typed(blocks[2]!, elsewhere);
      expect(recovered!.out).toContain('0 set aside');
      expect(listed!.out).toMatch(/^\d{4}-\d\d-\d\dt/m);
      expect(restored!.out).toMatch(/acme is restored from \S+, with data that was \d+ (s|min) old, in \d+ s\./);
      expect(status!.out).toContain('Kubernetes API answers');
      expect(status!.out).toContain('last proven restore');
      const { out } = await cli.run(['cluster', 'kubeconfig', 'acme'], elsewhere);
      const kube = await openKube({ kubeconfig: new Secret(out), boundary: openBoundary, clock: systemClock });
      expect((await kube.nodes({ signal })).map(({ ready }) => ready)).toEqual([true, true]);

      const [copied, looked] = await typed(blocks[3]!, elsewhere);
      expect(copied!.out).toContain('acme-copy is a quarantined copy of acme');
      expect(looked!.out).toContain('nothing runs in it');
      expect(await cli.cloud('servers')).toHaveLength(2);
    },
  );
});
