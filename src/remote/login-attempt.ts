import type Ssh2 from 'ssh2';
import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, BaseAgent, Client, ParsedKey } from 'ssh2';

/** A server's words to those who log in may be long. */
const keptLines = 10;

/** One login with one key, and what the server's answers tell of it. */
export class LoginAttempt {
  /** What the server takes from this user now, as it said last. */
  methods: readonly string[] = [];
  /** It took the key, and wants more. */
  partial = false;
  /** It knew the key and had it prove itself. */
  signed = false;
  /** What it said meanwhile to whoever logs in. */
  readonly said: string[] = [];
  readonly #queue: AnyAuthMethod[];

  /** @param by the private key, or an agent that holds it */
  constructor(username: string, by: { readonly key: ParsedKey } | { readonly agent: BaseAgent<ParsedKey> }) {
    this.#queue =
      'key' in by
        ? [{ type: 'publickey', username, key: this.#watched(by.key) }]
        : // ssh2 keeps an answer to an agent's key to itself; asked for nothing, the server says it again.
          [
            { type: 'agent', username, agent: this.#watched(by.agent) },
            { type: 'none', username },
          ];
  }

  /** For `Client.connect`. */
  readonly handler = ((left: AuthenticationType[] | null, partial: boolean | null, next): void => {
    if (left !== null) {
      this.methods = left;
      this.partial ||= partial === true || (this.signed && this.#queue.length === 0 && !left.includes('publickey'));
    }
    // False ends the login; the types do not know it.
    (next as (method: AnyAuthMethod | false) => void)(this.#queue.shift() ?? false);
  }) as AuthHandlerMiddleware;

  listen(client: Client): void {
    client.on('banner', (text) => {
      for (const line of text.split(/\r?\n/)) {
        if (line.trim() !== '' && this.said.length < keptLines) this.said.push(line.trim().slice(0, 200));
      }
    });
  }

  #watched<T extends ParsedKey | BaseAgent<ParsedKey>>(signer: T): T {
    const sign = signer.sign.bind(signer) as (...args: unknown[]) => unknown;
    const watched = (...args: unknown[]): unknown => {
      this.signed = true;
      return sign(...args);
    };
    return Object.assign(signer, { sign: watched });
  }
}

/** @throws Error when the text is no private key that can be used */
export function privateKey({ utils }: typeof Ssh2, text: string): ParsedKey {
  const key = utils.parseKey(text);
  if (key instanceof Error) throw key;
  if (!key.isPrivateKey()) throw new Error('it is a public key');
  return key;
}
