import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { WebSocket } from 'ws';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const program = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Why no page can be looked at; undefined when one can. */
export const chromiumMissing: string | undefined =
  program === undefined ? 'skipped: this computer has no Chromium (package chromium)' : undefined;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly request?: { readonly url: string }; readonly entry?: { readonly text: string } };
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly targetId?: string;
    readonly sessionId?: string;
  };
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

/** A page in a headless Chromium. */
export interface ShownPage {
  /** What an expression comes to on the page, as JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** Addresses that it asked for, its own first. */
  readonly requests: readonly string[];
  /** What the browser complained of. */
  readonly complaints: readonly string[];
  /** The page as PNG, in base64. */
  screenshot(): Promise<string>;
  close(): Promise<void>;
}

/** Of the window, in pixels. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/** Opens a page as a person would, and waits until it is drawn. */
export async function showPage(url: string, size: Size): Promise<ShownPage> {
  const profile = await mkdtemp(join(tmpdir(), 'slipway-chromium-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage'];
  const child = spawn(
    program!,
    [
      ...flags,
      `--user-data-dir=${profile}`,
      `--window-size=${size.width},${size.height}`,
      '--remote-debugging-port=0',
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const close = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.kill('SIGKILL')) await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { ...(await drawn(await opened(await debuggerOf(child)), url, size)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function drawn(socket: WebSocket, url: string, size: Size): Promise<Omit<ShownPage, 'close'>> {
  const requests: string[] = [];
  const complaints: string[] = [];
  const waiting = new Map<number, (message: Message) => void>();
  const events = new Set<(message: Message) => void>();
  socket.on('message', (data) => {
    const message = JSON.parse((data as Buffer).toString()) as Message;
    if (message.id !== undefined) return void waiting.get(message.id)?.(message);
    if (message.method === 'Network.requestWillBeSent') requests.push(message.params!.request!.url);
    if (message.method === 'Log.entryAdded') complaints.push(message.params!.entry!.text);
    for (const event of events) event(message);
  });
  let last = 0;
  const session: { sessionId?: string | undefined } = {};
  const call = async (method: string, params: object = {}): Promise<NonNullable<Message['result']>> => {
    last += 1;
    const id = last;
    socket.send(JSON.stringify({ id, method, params, ...session }));
    const { result, error } = await new Promise<Message>((resolve) => waiting.set(id, resolve));
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  };
  const { targetId } = await call('Target.createTarget', { url: 'about:blank', newWindow: true, ...size });
  session.sessionId = (await call('Target.attachToTarget', { targetId, flatten: true })).sessionId;
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await call(`${domain}.enable`);
  const loaded = new Promise<void>((resolve) =>
    events.add(({ method }) => method === 'Page.loadEventFired' && resolve()),
  );
  await call('Page.navigate', { url });
  await loaded;
  return {
    requests,
    complaints,
    evaluate: async <T>(expression: string) => {
      const { result } = await call('Runtime.evaluate', { expression: `JSON.stringify(${expression})` });
      return JSON.parse(result!.value as string) as T;
    },
    screenshot: async () => ((await call('Page.captureScreenshot')) as { readonly data?: string }).data!,
  };
}

/** Where Chromium says that it can be spoken to. */
const debuggerOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = '';
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`Chromium ended: ${said.slice(-500)}`)));
    child.stderr!.on('data', (data: Buffer) => {
      said += String(data);
      const [, url] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
  });

const opened = (url: string): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
