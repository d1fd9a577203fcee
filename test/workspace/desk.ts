import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished } from 'vitest';

import { Secret, type Boundary } from '../../src/domain/index.js';
import { openAdmin } from '../../src/workspace/admin/open.js';
import type { BackupSets } from '../../src/workspace/backups/types.js';
import type { Workspace, WorkspaceOptions } from '../../src/workspace/index.js';
import { newIdentity, recipientOf } from '../../src/workspace/sealed/age.js';
import { smallS3, type SmallS3, type SmallS3Options } from '../support/small-s3.js';
import { opensshKeyPair, temporaryFolder, testOptions, testRecord, testWorkspace } from './support.js';

export const bucket = 's3://small/team';
const sshKey = opensshKeyPair('slipway-demo');
export const otherIdentity = await newIdentity();
export const recipient = await recipientOf(new Secret(otherIdentity));

export interface Desk {
  readonly server: SmallS3;
  /** The local workspace. */
  readonly home: string;
  readonly options: (changes?: Partial<WorkspaceOptions>) => WorkspaceOptions;
}

let pids = 0;
/** As another process each time, of which only the last lives. */
export const alone = (): Pick<WorkspaceOptions, 'process' | 'processes'> => {
  const pid = (pids += 1);
  return {
    process: { pid, host: 'desk', user: 'ada' },
    processes: { isAlive: (one) => Promise.resolve(one === pid), startTime: () => Promise.resolve(undefined) },
  };
};

/** @param like a home of before, of which this one begins as a copy */
export async function desk(server: SmallS3Options = {}, like?: string): Promise<Desk> {
  const s3 = await smallS3(server);
  onTestFinished(() => s3.close());
  const home = temporaryFolder();
  const env = { ...s3.env, SLIPWAY_HOME: home };
  const options: Desk['options'] = (changes = {}) => testOptions(undefined, { env, ...alone(), ...changes });
  if (like === undefined) await openAdmin(options()).identity();
  else cpSync(like, home, { recursive: true });
  return { server: s3, home, options };
}

export async function fill(workspace: Workspace, residency?: readonly string[]): Promise<void> {
  const folder = workspace.cluster('demo');
  const record = testRecord('demo');
  const provider = { ...record.spec.provider, ...(residency ? { residency: [...residency] } : {}) };
  await folder.saveRecord({ ...record, spec: { ...record.spec, provider } });
  await folder.replaceIdentity(sshKey.privateKey);
  await folder.secret('server-token', () => 'planted-server-token');
  await folder.addPin('demo-cp-1', 'ssh-ed25519 AAAA');
}

export const kept = '2026-11-26t15-00-00z-3fa2';
/** Keeps a backup of planted text: stores, and what moves or seals them anew, do not look at what a snapshot holds. */
export const backUp = async (workspace: Workspace): Promise<void> =>
  keep((await workspace.backups(undefined, 'make'))!);
export async function keep(sets: BackupSets, id = kept): Promise<void> {
  const packed = join(temporaryFolder(), 'snapshot.gz');
  writeFileSync(packed, 'snapshot of planted things');
  await sets.keep(
    {
      id,
      cluster: { name: 'demo', id: 'k3x9' },
      takenAt: '2026-11-26T15:00:00.000Z',
      server: 'demo-cp-1',
      kubernetesVersion: 'v1.36.5+k3s1',
      etcd: { revision: 1, entries: 1 },
      claims: [],
      volumes: [],
      snapshot: { bytes: 3, sha256: 'of-it' },
    },
    packed,
    { tokens: { server: 'planted-server-token', agent: 'planted-agent-token' }, files: {} },
  );
}
export async function isBackedUp(workspace: Workspace, id = kept): Promise<void> {
  const file = join(temporaryFolder(), 'snapshot.gz');
  const { packed, contents } = await (await workspace.backups(undefined, 'look'))!.load('demo', id, file);
  expect(readFileSync(packed, 'utf8')).toBe('snapshot of planted things');
  expect(contents.tokens.server).toBe('planted-server-token');
}

export async function isWhole(workspace: Workspace): Promise<void> {
  const folder = workspace.cluster('demo');
  expect((await folder.record())?.id).toBe('k3x9');
  expect((await folder.storedIdentity())?.privateKey.reveal()).toBe(sshKey.privateKey.reveal());
  expect((await folder.secret('server-token', () => 'lost')).reveal()).toBe('planted-server-token');
  expect(await folder.pins('demo-cp-1')).toEqual(['ssh-ed25519 AAAA']);
  expect(await workspace.clusterNames()).toEqual(['demo']);
}

/** A boundary at which the run hangs for good, once, as if it had been killed there. */
export function killing(at: string): { readonly boundary: Boundary; readonly killed: Promise<'killed'> } {
  let kill: (how: 'killed') => void;
  const killed = new Promise<'killed'>((resolve) => (kill = resolve));
  let done = false;
  return {
    killed,
    boundary: async (point) => {
      if (done) return new Promise(() => {});
      if (classOf(point) !== at) return;
      done = true;
      kill('killed');
      return new Promise(() => {});
    },
  };
}

const classOf = ({ when, what }: Parameters<Boundary>[0]): string => `${when} ${what.replace(/[0-9a-f]{16}/, '…')}`;

/** The points that some work passes, by their classes. */
export async function classes(work: (boundary: Boundary) => Promise<unknown>): Promise<readonly string[]> {
  const seen = new Set<string>();
  await work(async (point) => void seen.add(classOf(point)));
  return [...seen];
}

/** A desk whose workspace is in the bucket, and another computer that is not let in yet. */
export async function moved(
  server?: SmallS3Options,
): Promise<Desk & { readonly other: (changes?: Partial<WorkspaceOptions>) => WorkspaceOptions }> {
  const here = await desk(server);
  await fill(testWorkspace(here.home));
  await openAdmin(here.options()).move(bucket);
  const env = { ...here.server.env, SLIPWAY_HOME: temporaryFolder(), SLIPWAY_AGE_KEY: otherIdentity };
  const options: Desk['options'] = (changes = {}) => ({ ...here.options({ path: bucket, ...changes }) });
  return { ...here, options, other: (changes = {}) => testOptions(bucket, { env, ...alone(), ...changes }) };
}

export const identityHome = (options: Desk['options']): string => options().env['SLIPWAY_HOME']!;
