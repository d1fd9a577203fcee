import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import { chapter, noted, stopwatch, tellLastWords, took } from '../support/chapter.js';
import { configMaps, ensure, eventually, list, type Named, webDeployment, whole, writes } from '../support/kube.js';
import { createHosts, destroyHosts, type RigHost } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';
import { type S3Server, versitygw } from '../../support/s3-servers.js';

const octets = { t1: 110, t2: 111, t3: 112 };
const freshOctets = { t4: 113, t5: 114, t6: 115 };
/** Objects that are written before the backup. */
const written = 50;

/** A cluster all of whose servers are lost, and a real bucket. */
describe('three servers, destroyed, and restored on fresh hosts from a bucket', () => {
  const step = chapter();
  const slipway = new Slipway();
  const made: string[] = [];
  let bucket: S3Server | undefined;
  let place: string | undefined;

  beforeAll(async () => {
    bucket = await versitygw();
    if (!bucket) return;
    place = `s3://${await bucket.bucket()}/backups`;
    Object.assign(slipway.env, bucket.env);
  });
  afterEach(tellLastWords(() => made));
  afterAll(async () => {
    await destroyHosts(...Object.keys(octets), ...Object.keys(freshOctets));
    await bucket?.close();
    slipway.close();
  });

  const write = (hosts: Map<string, RigHost>): void =>
    slipway.write(
      ringFile(
        'three',
        [...hosts.values()].map((host) => listed(host, { type: 'server' })),
        {
          controlPlane: { count: 3, type: 'server' },
          ...(place === undefined ? {} : { backup: { to: place } }),
        },
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

  step('is created, written to, and backed up', 10, async () => {
    const hosts = await hostsOf(octets);
    write(hosts);
    await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
    const api = await slipway.api('three');
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
    await slipway.done(['backup', 'create', 'three']);
  });

  step('is back with all that was written after its hosts were destroyed, by one command', 10, async () => {
    await destroyHosts(...Object.keys(octets));
    const hosts = await hostsOf(freshOctets);
    write(hosts);
    const watch = stopwatch();
    const { out, err } = await slipway.done(['cluster', 'restore', 'three', '--yes', '--json']);
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
    const api = await slipway.api('three');
    await whole(api, { nodes: 3 });
    const names = (await list<Named>(api, configMaps)).map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name.startsWith('written-'))).toHaveLength(written);
    await writes(api, 'after-the-restore');
    expect(await urlAnswers(hosts)).toContain('shop-');
    took('three servers: from the command until the URL answers', watch());
  });
});
