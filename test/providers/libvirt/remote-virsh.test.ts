import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Hypervisor, remoteVirsh } from '../../../providers/libvirt/virsh.js';
import { openBoundary } from '../../../src/domain/boundary.js';
import { libvirtSchema } from '../../../src/domain/spec/libvirt.js';
import type { Remote } from '../../../src/remote/types.js';
import { remoteWith, signal } from '../../remote/support.js';
import { sshdMissing, startHost, type TestHost } from '../../support/sshd.js';

/** Says how it was called and what it could read, as only a pipe can be read by its name. */
const standIn = `#!/bin/sh
[ "$LC_ALL" = C ] || exit 9
case $4 in
  fail) echo "error: Failed to do it" >&2; echo "error: operation failed: domain 'a' already exists with uuid 7" >&2; exit 1 ;;
  hang) sleep 60 ;;
esac
printf '%s|' "$@"
for word; do
  [ "$word" != /dev/stdin ] || wc -c </dev/stdin
  [ "$word" != /dev/stdout ] || echo console >/dev/stdout
done
`;

describe.skipIf(sshdMissing)(`virsh on a host that is reached by SSH ${sshdMissing ?? ''}`, () => {
  let host: TestHost;
  let remote: Remote;
  const at = (pins: readonly string[] = [host.hostKey.publicKey]): Hypervisor => {
    const { user, port, identity } = host.target;
    const spec = libvirtSchema.parse({
      hosts: [{ name: 'rack1', uri: `qemu+ssh://${user}@127.0.0.1:${port}/system`, hostKey: pins }],
      types: [{ name: 'small', cpu: 1, memory: 1, disk: 10 }],
      images: [{ name: 'debian-12', file: '/nowhere' }],
    }).hosts[0]!;
    const ssh = { remote, patienceMs: 20_000, key: () => Promise.resolve({ identity }) };
    return new Hypervisor(spec, remoteVirsh(spec, ssh), openBoundary);
  };
  beforeAll(async () => {
    host = await startHost();
    await writeFile(join(host.bin, 'virsh'), standIn, { mode: 0o755 });
    const inOwnFolder = `#!/bin/sh\nexec /usr/bin/mktemp "${host.prefix}/kept-XXXXXX"\n`;
    await writeFile(join(host.bin, 'mktemp'), inOwnFolder, { mode: 0o755 });
  });
  beforeEach(() => void (remote = remoteWith()));
  afterEach(() => remote.close());
  afterAll(() => host.stop());

  it('is given each word as it is, and its own libvirt', async () => {
    const words = ['dumpxml', "it's", 'a b', '$HOME', '"', ''];
    expect(await at().read(words, { signal })).toBe(`-q|-c|qemu:///system|${words.join('|')}|`);
  });

  it('reads what it is sent by the name /dev/stdin: text, bytes and files, large ones too', async () => {
    const large = Buffer.alloc(3_000_000, 'image ');
    const path = join(host.prefix, 'image');
    await writeFile(path, large);
    for (const [input, bytes] of [
      ['<domain/>', 9],
      [large, large.length],
      [{ file: path }, large.length],
    ] as const)
      expect(await at().read(['define', '/dev/stdin'], { signal }, { input })).toMatch(new RegExp(`\\|${bytes}\\n$`));
  });

  it('writes to the name /dev/stdout', async () => {
    expect(await at().read(['vol-download', '/dev/stdout'], { signal })).toMatch(/\|console\n$/);
  });

  it('copies what it writes to a file of this computer where one is named, and leaves nothing on the host', async () => {
    const output = join(host.prefix, 'copy');
    await at().download('console', output, { signal });
    expect(await readFile(output, 'utf8')).toMatch(/\|console\n$/);
    const left = (await readdir(host.prefix)).filter((name) => name.startsWith('kept-'));
    expect(left).toEqual([]);
  });

  it('that refuses is told of in libvirt’s last words, and what they mean', async () => {
    await expect(at().read(['fail'], { signal })).rejects.toMatchObject({
      kind: 'taken',
      said: "operation failed: domain 'a' already exists with uuid 7",
      details: ['Failed to do it'],
    });
    await at().change(['fail'], { signal }, { fine: ['taken'] });
    expect(await at().find(['dumpxml', 'a'], { signal })).toContain('dumpxml');
  });

  it('is not asked at all where the host shows another key than the file pins', async () => {
    const other = `SHA256:${'a'.repeat(43)}`;
    await expect(at([other]).read(['list'], { signal })).rejects.toMatchObject({ code: 'HOST_KEY_MISMATCH' });
  });

  it('is lost with its connection, and the next call makes another', async () => {
    const calling = at().read(['hang'], { signal });
    const failed = expect(calling).rejects.toMatchObject({ code: 'LIBVIRT_UNREACHABLE', kind: 'unreachable' });
    await expect.poll(() => host.connections()).toBeGreaterThan(0);
    // Cut as often as it takes to catch the call under way.
    const cutting = setInterval(() => host.cut(), 200);
    await failed;
    clearInterval(cutting);
    expect(await at().read(['list'], { signal })).toContain('list');
  });

  it('ends with the run that asked', async () => {
    const run = new AbortController();
    const calling = at().read(['hang'], { signal: run.signal });
    run.abort(new Error('interrupted'));
    await expect(calling).rejects.toThrow('interrupted');
  });
});
