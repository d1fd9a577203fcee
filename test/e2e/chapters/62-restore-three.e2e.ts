import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import { chapter, noted, stopwatch, tellLastWords, took } from '../support/chapter.js';
import { configMaps, ensure, eventually, list, type Named, webDeployment, whole, writes } from '../support/kube.js';
import { createHosts, destroyHosts, type RigHost } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';
import { client } from '../../support/clients.js';
import { guideBlocks, typedArgs } from '../../support/guide.js';
import { type S3Server, versitygw } from '../../support/s3-servers.js';

const octets = { t1: 110, t2: 111, t3: 112 };
const freshOctets = { t4: 113, t5: 114, t6: 115 };
/** Objects that are written before the backup. */
const written = 50;

/** What the guide has one type before the day comes, and on it. */
const [before, , onTheDay] = guideBlocks('disaster-recovery') as [readonly string[], unknown, readonly string[]];

/** A cluster all of whose servers are lost, and the laptop with them: what is left is a bucket, and an identity in a safe. */
describe.skipIf(client('versitygw') === undefined)(
  'three servers and the laptop, lost, and restored by the guide',
  () => {
    const step = chapter();
    const laptop = new Slipway();
    const safe = mkdtempSync(join(tmpdir(), 'slipway-safe-'));
    const made: string[] = [];
    let slipway = laptop;
    let server: S3Server;
    let bucket = '';

    beforeAll(async () => {
      server = (await versitygw())!;
      bucket = await server.bucket();
      Object.assign(laptop.env, server.env);
    });
    afterEach(tellLastWords(() => made));
    afterAll(async () => {
      await destroyHosts(...Object.keys(octets), ...Object.keys(freshOctets));
      await server?.close();
      slipway.close();
      laptop.close();
      rmSync(safe, { recursive: true, force: true });
    });
    const typed = (command: string, ...more: string[]): ReturnType<Slipway['done']> =>
      slipway.done([...typedArgs(command, bucket), ...more]);
    /** Another computer, on which there is nothing but Slipway, the bucket’s key and the identity from the safe. */
    const anotherComputer = (): Slipway => {
      const other = new Slipway();
      const SLIPWAY_AGE_KEY_FILE = join(safe, 'identity.txt');
      Object.assign(other.env, server.env, { SLIPWAY_WORKSPACE: `s3://${bucket}/prod`, SLIPWAY_AGE_KEY_FILE });
      return other;
    };

    const write = (hosts: Map<string, RigHost>): void =>
      slipway.write(
        ringFile(
          'acme',
          [...hosts.values()].map((host) => listed(host, { type: 'server' })),
          { controlPlane: { count: 3, type: 'server' } },
        ),
      );
    const hostsOf = async (which: Readonly<Record<string, number>>): Promise<Map<string, RigHost>> => {
      const hosts = await createHosts(which);
      made.splice(0, made.length, ...hosts.keys());
      return hosts;
    };

    /** What people use: an address on the hosts, behind which pods answer. */
    const urlAnswers = (hosts: Map<string, RigHost>): Promise<string> =>
      eventually('the URL answers', 120, async () => {
        const answer = await fetch(`http://${[...hosts.values()][0]!.address}:30080/`, {
          signal: AbortSignal.timeout(3000),
        });
        return answer.ok && (await answer.text());
      });

    step('is created, written to, and backed up into a bucket that has the workspace', 10, async () => {
      const hosts = await hostsOf(octets);
      write(hosts);
      await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
      const api = await slipway.api('acme');
      await whole(api, { nodes: 3 });
      for (let number = 1; number <= written; number += 1)
        await ensure(api, configMaps, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `written-${number}` },
          data: { it: 'is'.repeat(500) },
        });
      await ensure(api, '/apis/apps/v1/namespaces/default/deployments', webDeployment('shop', 2));
      await ensure(api, '/api/v1/namespaces/default/services', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'shop' },
        spec: { type: 'NodePort', selector: { app: 'shop' }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] },
      });
      expect(await urlAnswers(hosts)).toContain('shop-');
      for (const command of before.slice(0, 2)) await typed(command);
      copyFileSync(join(laptop.home, 'ws/identity.txt'), join(safe, 'identity.txt'));
      laptop.env['SLIPWAY_WORKSPACE'] = `s3://${bucket}/prod`;
      for (const command of before.slice(2)) await typed(command);
    });

    step(
      'is back on another computer and fresh hosts, with all that was written, by the commands of the guide',
      10,
      async () => {
        await destroyHosts(...Object.keys(octets));
        const hosts = await hostsOf(freshOctets);
        laptop.close();
        slipway = anotherComputer();
        write(hosts);
        const [recover, backups, restore, status] = onTheDay as [string, string, string, string];
        const watch = stopwatch();
        expect((await typed(recover)).out).toContain('0 set aside');
        expect((await typed(backups)).out).toMatch(/^\d{4}-\d\d-\d\dt/m);
        const { out, err } = await typed(restore, '-f', slipway.file, '--json');
        took('three servers: from the command to its end, with new tokens and a new backup', watch());
        const { tookMs, dataAgeMs, tokensRotated, newBackup } = JSON.parse(out) as {
          readonly tookMs: number;
          readonly dataAgeMs: number;
          readonly tokensRotated: boolean;
          readonly newBackup?: string;
        };
        took('three servers: restored on fresh hosts, until the last step', tookMs);
        noted(`${Math.round(dataAgeMs / 1000)} s`, 'old the data were when their restore began');
        expect(tokensRotated, err).toBe(true);
        expect(newBackup).toBeDefined();
        const api = await slipway.api('acme');
        await whole(api, { nodes: 3 });
        const names = (await list<Named>(api, configMaps)).map(({ metadata }) => metadata.name);
        expect(names.filter((name) => name.startsWith('written-'))).toHaveLength(written);
        await writes(api, 'after-the-restore');
        expect(await urlAnswers(hosts)).toContain('shop-');
        took('three servers and the laptop: from the first command of the guide until the URL answers', watch());
        expect((await typed(status)).out).toContain('Kubernetes API answers');
      },
    );
  },
);
