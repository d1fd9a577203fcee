import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'slipway-loaded-'));
const env = { PATH: process.env['PATH'], HOME: folder, SLIPWAY_HOME: join(folder, 'ws'), HCLOUD_TOKEN: undefined };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Packages and modules of ours that a command runs: in the bundle each is a function that has its path for a name. */
async function loadedBy(...args: readonly string[]): Promise<ReadonlySet<string>> {
  const coverage = join(folder, args.join('-'));
  await promisify(execFile)(process.execPath, [join(root, 'bin/run.js'), ...args], {
    cwd: folder,
    env: { ...env, NODE_V8_COVERAGE: coverage },
  });
  const reports = readdirSync(coverage).map(
    (file) =>
      JSON.parse(readFileSync(join(coverage, file), 'utf8')) as {
        readonly result: readonly {
          readonly url: string;
          readonly functions: readonly {
            readonly functionName: string;
            readonly ranges: readonly { count: number }[];
          }[];
        }[];
      },
  );
  const program = reports.flatMap(({ result }) => result).filter(({ url }) => url.endsWith('/dist/main.cjs'));
  const run = program.flatMap(({ functions }) => functions).filter(({ ranges }) => ranges[0]!.count > 0);
  return new Set(
    run.map(
      ({ functionName: name }) =>
        /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? name.replace(/^lazy:build\//, ''),
    ),
  );
}

describe('what a command loads', () => {
  it('`cluster list` loads neither schemas nor components, providers, SSH or Kubernetes', async () => {
    const loaded = await loadedBy('cluster', 'list');
    expect(loaded).toContain('src/workflows/cluster/list.js');
    const heavy = ['zod', 'ajv', 'handlebars', 'ssh2', '@kubernetes/client-node'];
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
