import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, expect } from 'vitest';

import { Channels } from './channels.js';
import { Cli, type Run } from './cli.js';

export const cli = new Cli();
export const source = new Channels();
const got: string[] = [];
let hook: Server;
/** What the team was told since the last time, its first lines. */
export const news = (): readonly string[] => got.splice(0).map((text) => text.split('\n')[0]!);

export interface Job {
  readonly job: string;
  readonly outcome: string;
  readonly hindered?: string;
  readonly steps: readonly { readonly target: string; readonly text: string }[];
}
export interface Round {
  readonly code: number;
  readonly err: string;
  readonly jobs: readonly Job[];
  readonly problems: readonly string[];
}
/** Jobs by what became of them. */
export const outcomes = ({ jobs }: Pick<Round, 'jobs'>): Readonly<Record<string, string>> =>
  Object.fromEntries(jobs.map(({ job, outcome }) => [job, outcome]));

export const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> =>
  cli.run(args, { ...source.env, TEAM_HOOK: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`, ...env });
export async function maintain(...args: readonly string[]): Promise<Round> {
  const { code, err, out } = await run(['maintain', 'demo', '--json', ...args]);
  return { code, err, ...(JSON.parse(out) as Pick<Round, 'jobs' | 'problems'>) };
}
export const version = async (): Promise<unknown> =>
  (JSON.parse((await run(['cluster', 'status', 'demo', '--json'])).out) as { kubernetesVersion: string })
    .kubernetesVersion;
export const file = join(cli.home, 'cluster.yaml');
/** What the file says of maintenance from now on; nothing else of it changes. */
export function policy(text: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^maintain:[^]*$/m, `maintain: ${text}\n`));
}
export const change = async (name: string, facts: object): Promise<void> =>
  void (await (await cli.sandbox()).call('POST', 'machines', { act: 'change', name, facts }));

/** Days that are neither yesterday nor today nor tomorrow, whatever the zone. */
const otherDay = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7]!;
export const closed = `windows: [{days: [${otherDay}], from: "02:00", to: "03:00"}]`;

/** One server and two workers at a release that is stable, of which a newer patch may be known. */
export async function beginAt(
  version: string,
  stable: string,
  maintain: string,
  components = '{preset: none}',
): Promise<void> {
  await source.open();
  source.known['stable'] = stable;
  source.known[stable.split('.').slice(0, 2).join('.')] = stable;
  delete source.known['v1.37'];
  hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      got.push((JSON.parse(body) as { text: string }).text);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  writeFileSync(
    file,
    `name: demo
provider: {name: sandbox}
kubernetes: {version: ${version}}
pools: [{name: workers, count: 2}]
components: ${components}
backup: {every: 1h}
notify: [{name: team, type: webhook, url: {env: TEAM_HOOK}}]
maintain: ${maintain}
`,
  );
  const created = await run(['cluster', 'create', '-f', 'cluster.yaml', '--yes']);
  expect(created, created.err).toMatchObject({ code: 0 });
}
afterAll(async () => {
  hook.close();
  source.close();
  await cli.close();
});
