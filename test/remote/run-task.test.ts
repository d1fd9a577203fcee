import { execFileSync, spawn } from 'node:child_process';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { Secret } from '../../src/domain/index.js';
import { ownTemplates, TaskFailedError } from '../../src/remote/index.js';
import { wireTask } from '../../src/remote/run-task.js';
import { encodeTask, taskCommand } from '../../src/remote/task-wire.js';
import type { HostTask, Remote, Session } from '../../src/remote/types.js';
import { sshdMissing, startHost, type TestHost } from '../support/sshd.js';
import { remoteWith, signal, task, templatesWith } from './support.js';

/** One that the end of another has ended is as desired. */
function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Counts its runs, says when it has begun, and goes on when `go` is there. */
const gated = `
mkdir -p "$SLIPWAY_PREFIX/gate"
echo run >>"$SLIPWAY_PREFIX/gate/$NAME.runs"
say "begun $NAME"
while [ ! -f "$SLIPWAY_PREFIX/gate/$NAME.go" ]; do sleep 0.05; done
say "ended $NAME"
fact name "$NAME"
`;

/** Waits as the real one does, until it is told to end or its time is up. */
const waiting = `
mkdir -p "$SLIPWAY_PREFIX/gate"
echo run >>"$SLIPWAY_PREFIX/gate/$NAME.runs"
while [ ! -f "$SLIPWAY_PREFIX/gate/$NAME.go" ]; do
  patience || fail TOO_LATE 'its time is up'
  sleep 0.05
done
fact name "$NAME"
`;

const scripts = {
  gated,
  'start-k3s': waiting,
  'release-host': `fact released "$NAME"`,
  other: gated,
  echo: `
fact text "$TEXT"
fact number "$NUMBER"
fact yes "$YES"
say 'in the middle'
echo 'a line for nobody'
`,
  spy: `
fact arguments "$(ps -e -o args= | grep -c "$TOKEN" || :)"
fact environment "$(cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c "$TOKEN" || :)"
fact folder "$(stat -c %a "$SLIPWAY_PREFIX/run/slipway")"
fact env_mode "$(stat -c %a "$SLIPWAY_PREFIX"/run/slipway/*/env | sort -u)"
`,
  broken: `
echo "the token is $TOKEN" >&2
fail NO_LUCK "could not use $TOKEN"
`,
  dies: `
echo 'last words' >&2
exit 7
`,
  endless: `while :; do sleep 0.1; done`,
  suicide: `
echo run >>"$SLIPWAY_PREFIX/suicides"
parent() { ps -o ppid= -p "$1" | tr -d ' '; }
# The shell, the \`timeout\` above it and the worker above that.
[ "$(wc -l <"$SLIPWAY_PREFIX/suicides")" -ge "$TIMES" ] || kill -9 "$(parent "$(parent $$)")" "$(parent $$)" $$
fact runs "$(wc -l <"$SLIPWAY_PREFIX/suicides")"
`,
  big: `
i=0
while [ $i -lt 3000 ]; do echo "# line $i äöü"; i=$((i + 1)); done
fact blob "$(head -c 200000 /dev/zero | tr '\\0' x)"
`,
};

describe.skipIf(sshdMissing)(`running tasks on a real sshd ${sshdMissing ?? ''}`, () => {
  let templates: string;
  let host: TestHost;
  let remote: Remote | undefined;
  beforeAll(async () => {
    templates = await templatesWith(scripts);
    host = await startHost();
  });
  afterAll(async () => {
    await host.stop();
    await rm(templates, { recursive: true, force: true });
  });
  afterEach(() => remote?.close());

  const session = async (): Promise<Session> => {
    remote = remoteWith(templates);
    return remote.connect(host.target, 20_000, { signal });
  };
  const open = (name: string): Promise<void> => host.write(`gate/${name}.go`, '');
  const runs = async (name: string): Promise<number> =>
    ((await host.read(`gate/${name}.runs`)) ?? '').split('\n').length - 1;
  const begun = (name: string) =>
    vi.waitFor(async () => expect(await runs(name)).toBeGreaterThan(0), { timeout: 10_000, interval: 20 });

  it('hands parameters over and brings facts and progress back', async () => {
    const progress: string[] = [];
    const text = `it's "quoted" $HOME \`x\` \\ ü = #`;
    const facts = await (
      await session()
    ).run(task('echo', { TEXT: text, NUMBER: 3, YES: true }), { signal, progress: (line) => progress.push(line) });
    expect(facts).toEqual({ text, number: '3', yes: 'true' });
    expect(progress).toEqual(['in the middle']);
  });

  it('keeps secrets off command lines and out of every environment, and its folder closed', async () => {
    const token = `spy-${Math.floor(performance.now() * 1000)}-xyz`;
    const facts = await (await session()).run(task('spy', { TOKEN: new Secret(token) }), { signal });
    // The one that is found is the grep which looks for it.
    expect(Number(facts['arguments'])).toBeLessThanOrEqual(1);
    expect(facts).toMatchObject({ environment: '0', folder: '700', env_mode: '600' });
  });

  it('leaves no parameter behind once a task has ended', async () => {
    await (await session()).run(task('echo', { TEXT: 'a', NUMBER: 1, YES: false }), { signal });
    const folder = join(host.prefix, 'run/slipway');
    const left = (await readdir(folder, { recursive: true })).filter((name) => /\/(env|script)$/.test(name));
    expect(left).toEqual([]);
  });

  it('tells a failure with machine, task, reason and last lines, without the secret', async () => {
    const failing = (await session()).run(task('broken', { TOKEN: new Secret('hunter2hunter2') }), { signal });
    const error: unknown = await failing.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TaskFailedError);
    expect(error).toMatchObject({
      code: 'TASK_FAILED',
      taskCode: 'NO_LUCK',
      message: 'demo-cp-1: broken failed: could not use [secret].',
      details: ['the token is [secret]'],
    });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it('tells a script that ended without a word by its code and last line', async () => {
    const failing = (await session()).run(task('dies'), { signal });
    await expect(failing).rejects.toMatchObject({
      code: 'TASK_FAILED',
      message: 'demo-cp-1: dies failed: it ended with code 7: last words.',
    });
  });

  it('ends a task at its deadline', async () => {
    const late = (await session()).run(task('endless', {}, 1_500), { signal });
    await expect(late).rejects.toMatchObject({ code: 'TASK_TIMEOUT' });
    await vi.waitFor(() => expect(processes('endless')).toBe(0), 20_000);
  });

  it('carries much output and long facts', async () => {
    const progress: string[] = [];
    const facts = await (await session()).run(task('big'), { signal, progress: (line) => progress.push(line) });
    expect(progress).toHaveLength(3000);
    expect(progress[2999]).toBe('line 2999 äöü');
    expect(facts['blob']).toHaveLength(200_000);
  });

  it('finds a task again after the connection was cut in the middle, and runs it once', async () => {
    const progress: string[] = [];
    const running = (await session()).run(task('gated', { NAME: 'cut' }), {
      signal,
      progress: (line) => progress.push(line),
    });
    await begun('cut');
    host.cut();
    await vi.waitFor(() => expect(progress).toContain('the connection was lost; looking for the task again'), 20_000);
    await open('cut');
    expect(await running).toEqual({ name: 'cut' });
    expect(await runs('cut')).toBe(1);
    expect(progress.filter((line) => line === 'begun cut')).toHaveLength(1);
  });

  it('finds a task again whose session was ended by a signal, as when the machine goes down', async () => {
    const progress: string[] = [];
    const running = (await session()).run(task('gated', { NAME: 'signal' }), {
      signal,
      progress: (line) => progress.push(line),
    });
    await begun('signal');
    await vi.waitFor(() => expect(progress).toContain('begun signal'), 20_000);
    // The shells between sshd and the task, which runs apart from them.
    for (const pid of shellsOf(host.prefix)) endIfThere(pid);
    await vi.waitFor(() => expect(progress).toContain('the connection was lost; looking for the task again'), 20_000);
    await open('signal');
    expect(await running).toEqual({ name: 'signal' });
    expect(await runs('signal')).toBe(1);
  });

  it('gets the result of a task that ended while nobody was connected', async () => {
    const running = (await session()).run(task('gated', { NAME: 'away' }), { signal });
    await begun('away');
    host.closeGate();
    await open('away');
    await vi.waitFor(() => expect(processes('gated')).toBe(0), 20_000);
    host.openGate();
    expect(await running).toEqual({ name: 'away' });
    expect(await runs('away')).toBe(1);
  });

  it('says so when the connection does not come back in the task’s time', async () => {
    const running = (await session()).run(task('gated', { NAME: 'gone' }, 2_500), { signal });
    const refused = expect(running).rejects.toMatchObject({
      code: 'SSH_LOST',
      hint: expect.stringContaining('it finds it there') as string,
    });
    await begun('gone');
    host.closeGate();
    await refused;
    host.openGate();
    await open('gone');
  });

  it('attaches to a task whose client was killed with SIGKILL', async () => {
    const desired = task('gated', { NAME: 'killed' });
    const client = await plainClient(desired, 'killed-client');
    await begun('killed');
    client.kill('SIGKILL');
    const progress: string[] = [];
    const running = (await session()).run(desired, { signal, progress: (line) => progress.push(line) });
    await vi.waitFor(
      () => expect(progress.join()).toMatch(/gated already runs here since \d{4}-.*following it/),
      20_000,
    );
    await open('killed');
    expect(await running).toEqual({ name: 'killed' });
    expect(await runs('killed')).toBe(1);
  });

  it('waits for another task, saying which it is, and then runs', async () => {
    const client = await plainClient(task('gated', { NAME: 'first' }), 'other-client');
    await begun('first');
    client.kill('SIGKILL');
    const progress: string[] = [];
    const running = (await session()).run(task('other', { NAME: 'second' }), {
      signal,
      progress: (line) => progress.push(line),
    });
    await vi.waitFor(() => expect(progress.join()).toMatch(/waiting for gated, which runs here since \d{4}-/), 20_000);
    expect(await runs('second')).toBe(0);
    await open('second');
    await open('first');
    expect(await running).toEqual({ name: 'second' });
    expect(progress.filter((line) => line.startsWith('waiting for'))).toHaveLength(1);
  });

  it('a release ends what a run that was killed left waiting for k3s, and the same task waits again when asked anew', async () => {
    const left = task('start-k3s', { NAME: 'left-waiting' }, 600_000);
    const client = await plainClient(left, 'left-client', 600);
    await begun('left-waiting');
    client.kill('SIGKILL');
    const progress: string[] = [];
    const released = (await session()).run(task('release-host', { NAME: 'demo' }), {
      signal,
      progress: (line) => progress.push(line),
    });
    expect(await released).toEqual({ released: 'demo' });
    expect(progress.join()).toMatch(/waiting for start-k3s, which runs here since \d{4}-/);
    expect(processes('start-k3s')).toBe(0);
    const again = (await session()).run(left, { signal });
    await vi.waitFor(async () => expect(await runs('left-waiting')).toBe(2), { timeout: 10_000 });
    await open('left-waiting');
    expect(await again).toEqual({ name: 'left-waiting' });
  });

  it('a start with other settings takes the place of one that still waits, whose run is told so', async () => {
    const first = (await session()).run(task('start-k3s', { NAME: 'old-settings' }), { signal });
    const ended = expect(first).rejects.toMatchObject({
      taskCode: 'STEPPED_ASIDE',
      message: expect.stringContaining('start-k3s was asked for on this machine') as string,
    });
    await begun('old-settings');
    await open('new-settings');
    const second = (await session()).run(task('start-k3s', { NAME: 'new-settings' }), { signal });
    expect(await second).toEqual({ name: 'new-settings' });
    await ended;
  });

  it('a release waits for a task that works rather than waits, and says for which', async () => {
    const client = await plainClient(task('gated', { NAME: 'at-work' }), 'work-client');
    await begun('at-work');
    client.kill('SIGKILL');
    const progress: string[] = [];
    const released = (await session()).run(task('release-host', { NAME: 'demo' }), {
      signal,
      progress: (line) => progress.push(line),
    });
    await vi.waitFor(() => expect(progress.join()).toMatch(/waiting for gated, which runs here since/), 20_000);
    await open('at-work');
    expect(await released).toEqual({ released: 'demo' });
    expect(await runs('at-work')).toBe(1);
  });

  it('gives up waiting for another task at its own deadline, naming it', async () => {
    const client = await plainClient(task('gated', { NAME: 'busy' }), 'busy-client');
    await begun('busy');
    client.kill('SIGKILL');
    const waiting = (await session()).run(task('other', { NAME: 'patient' }, 2_000), { signal });
    await expect(waiting).rejects.toMatchObject({
      code: 'TASK_TIMEOUT',
      message: expect.stringContaining('gave up waiting for gated') as string,
    });
    await open('busy');
  });

  it('never runs two tasks at once on a host', async () => {
    const connected = await session();
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await open(name);
    const facts = await Promise.all(names.map((NAME) => connected.run(task('gated', { NAME }), { signal })));
    expect(facts.map((answer) => answer['name'])).toEqual(names);
  });

  it('answers everyone who asks for the same, again and again and at once', async () => {
    const many = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const other = remoteWith(templates);
        try {
          const connected = await other.connect(host.target, 10_000, { signal });
          const params = { TEXT: 'one', NUMBER: 1, YES: true };
          const answers = [];
          for (let left = 6; left > 0; left--) answers.push(await connected.run(task('echo', params), { signal }));
          return answers;
        } finally {
          await other.close();
        }
      }),
    );
    expect(new Set(many.flat().map(({ text }) => text))).toEqual(new Set(['one']));
  });

  it('runs a task again whose process was killed before it had a result', async () => {
    await expect((await session()).run(task('suicide', { TIMES: 2 }), { signal })).resolves.toEqual({ runs: '2' });
  });

  it('does not go on for ever with a task that is always killed', async () => {
    await writeFile(join(host.prefix, 'suicides'), '');
    const failing = (await session()).run(task('suicide', { TIMES: 99 }), { signal });
    await expect(failing).rejects.toMatchObject({ code: 'TASK_FAILED', taskCode: 'TASK_DIED' });
  });

  it('runs anew when asked anew, and answers from what is kept when the same attempt asks again', async () => {
    const desired = task('gated', { NAME: 'again' });
    await open('again');
    const connected = await session();
    await connected.run(desired, { signal });
    await connected.run(desired, { signal });
    expect(await runs('again')).toBe(2);
    const first = await plainAnswer(desired, 'one-attempt');
    const second = await plainAnswer(desired, 'one-attempt');
    expect(await runs('again')).toBe(3);
    expect(second).toBe(first);
    expect(second).toContain('slipway-exit=0');
  });

  it('clears results away that nobody will ask for any more', async () => {
    const connected = await session();
    await open('old');
    await connected.run(task('gated', { NAME: 'old' }), { signal });
    const folder = join(host.prefix, 'run/slipway');
    const ids = async (): Promise<string[]> => (await readdir(folder)).filter((name) => /^[0-9a-f]{16}$/.test(name));
    const past = new Date(2020, 1, 1);
    for (const id of await ids()) await utimes(join(folder, id), past, past);
    await connected.run(task('echo', { TEXT: 'new', NUMBER: 1, YES: true }), { signal });
    expect(await ids()).toHaveLength(1);
  });

  it('stops listening when interrupted, and leaves the task to the host', async () => {
    const stop = new AbortController();
    const running = (await session()).run(task('gated', { NAME: 'left' }), { signal: stop.signal });
    const refused = expect(running).rejects.toThrow('Ctrl-C');
    await begun('left');
    stop.abort(new Error('Ctrl-C'));
    await refused;
    await open('left');
    await expect((await session()).run(task('gated', { NAME: 'left' }), { signal })).resolves.toEqual({ name: 'left' });
  });

  it('passes one boundary point before and one after', async () => {
    const points: string[] = [];
    remote = remoteWith(templates, async ({ when, kind, what }) => void points.push(`${when} ${kind} ${what}`));
    const connected = await remote.connect(host.target, 20_000, { signal });
    await connected.run(task('echo', { TEXT: '', NUMBER: 1, YES: true }), { signal });
    expect(points.slice(-2)).toEqual(['before ssh demo-cp-1 echo', 'after ssh demo-cp-1 echo']);
  });

  /** OpenSSH's own client as another Slipway, that can be killed as a whole. */
  async function plainClient(desired: HostTask, attempt: string, seconds = 20) {
    const known = join(host.prefix, 'known_hosts');
    const key = join(host.prefix, 'identity');
    await host.write('known_hosts', `[127.0.0.1]:${host.target.port} ${host.hostKey.publicKey}\n`);
    await host.write('identity', host.identity.privateKey.reveal(), 0o600);
    const { port, user } = host.target;
    const command = user === 'root' ? taskCommand.root : taskCommand.other;
    const args = ['-F', 'none', '-i', key, '-p', String(port), '-o', `UserKnownHostsFile=${known}`];
    const client = spawn('ssh', [...args, '-o', 'StrictHostKeyChecking=yes', `${user}@127.0.0.1`, command], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    client.stdin.on('error', () => {});
    client.stdin.end(textOf(desired, attempt, seconds));
    return client;
  }

  async function plainAnswer(desired: HostTask, attempt: string): Promise<string> {
    const client = await plainClient(desired, attempt);
    let text = '';
    for await (const chunk of client.stdout) text += String(chunk);
    return text;
  }

  function textOf(desired: HostTask, attempt: string, seconds: number): string {
    const read = (path: string): string => readFileSync(join(ownTemplates, 'host', path), 'utf8');
    const texts = {
      runner: read('lib/runner.sh'),
      script: read('lib/common.sh') + scripts[desired.name as keyof typeof scripts],
    };
    return encodeTask(wireTask(desired, texts, attempt, seconds), texts.runner);
  }

  /** Shells that read a task's text on this host, those of sshd. */
  function shellsOf(prefix: string): number[] {
    return execFileSync('ps', ['-e', '-o', 'pid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => /\bsh -s$/.test(line.trim()))
      .map((line) => Number(line.trim().split(' ')[0]))
      .filter((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SLIPWAY_PREFIX=${prefix}`));
  }

  /** How many processes of a task still run on this host. */
  function processes(name: string): number {
    const list = execFileSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8' });
    return list.split('\n').filter((line) => line.includes(host.prefix) && line.includes(` ${name} `)).length;
  }
});
