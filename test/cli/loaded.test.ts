import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'slipway-loaded-'));
const env = { PATH: process.env['PATH'], HOME: folder, SLIPWAY_HOME: join(folder, 'ws'), HCLOUD_TOKEN: undefined };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the bundle's files are made of: packages by name, our own modules by path. */
const { outputs } = JSON.parse(readFileSync(join(root, 'build/bundle.json'), 'utf8')) as {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, { bytesInOutput: number }>> }>>;
};
const partsOf = (file: string): string[] =>
  Object.entries(outputs[file]?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([input]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? input.replace(/^build\//, ''));

beforeAll(() => {
  const log = pathToFileURL(join(folder, 'log.mjs')).href;
  writeFileSync(
    join(folder, 'log.mjs'),
    `import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  appendFileSync(process.env.LOADED, url + '\\n');
  return next(url, context);
}`,
  );
  writeFileSync(join(folder, 'hook.mjs'), `import { register } from 'node:module'; register(${JSON.stringify(log)});`);
});

/** Packages and modules of ours that a command loads. */
async function loadedBy(...args: readonly string[]): Promise<ReadonlySet<string>> {
  const loaded = join(folder, `${args.join('-')}.txt`);
  const hook = pathToFileURL(join(folder, 'hook.mjs')).href;
  await promisify(execFile)(process.execPath, ['--import', hook, join(root, 'bin/run.js'), ...args], {
    cwd: folder,
    env: { ...env, LOADED: loaded },
  });
  const urls = [...new Set(readFileSync(loaded, 'utf8').trim().split('\n'))];
  const files = urls.flatMap((url) => /\/(dist\/.*)$/.exec(url)?.[1] ?? []);
  return new Set([...files.flatMap(partsOf), ...urls.filter((url) => url.startsWith('node:'))]);
}

describe('what a command loads', () => {
  it('`cluster list` loads neither schemas nor components, providers, SSH, Kubernetes or HTTP', async () => {
    const loaded = await loadedBy('cluster', 'list');
    expect(loaded).toContain('src/workflows/cluster/list.js');
    const heavy = ['zod', 'ajv', 'handlebars', 'ssh2', 'node:http', 'node:https', 'node:tls'];
    const ours = [...loaded].filter((part) => /^(providers|src\/(components|phases|kube|k3s|remote)\/)/.test(part));
    expect(heavy.filter((part) => loaded.has(part))).toEqual([]);
    expect(ours.filter((part) => part !== 'src/remote/keys.js')).toEqual([]);
  });

  it('`cluster plan` loads neither the compiler of schemas nor the readers of component folders', async () => {
    const loaded = await loadedBy('cluster', 'plan', 'demo', '--provider', 'sandbox', '--json');
    await promisify(execFile)(process.execPath, [join(root, 'bin/run.js'), 'sandbox', 'stop'], { cwd: folder, env });
    expect(loaded).toContain('src/workflows/cluster/plan.js');
    // Of ajv itself only what compiled schemas call.
    const readers = ['schema-checker', 'component-file', 'read-component'].map((name) => `src/components/${name}.js`);
    expect(readers.filter((part) => loaded.has(part))).toEqual([]);
  });
});
