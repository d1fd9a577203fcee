import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import type { Obj } from './objects.js';
import { invalid } from './status.js';

interface Issued {
  readonly user: string;
  readonly groups: readonly string[];
  /** Milliseconds since 1970. */
  readonly until: number;
}

const issuer = 'https://kubernetes.default.svc.cluster.local';
const leastSeconds = 600;
const usualSeconds = 3600;

/** Bounded tokens of ServiceAccounts. They end with the API server's process; kubelets of real pods would renew theirs. */
export class Tokens {
  readonly #issued = new Map<string, Issued>();
  #key: KeyObject | undefined;

  constructor(
    private readonly ids: () => string,
    private readonly now: () => number,
  ) {}

  /** The answer to a TokenRequest. @throws StatusError 422 */
  issue(account: Obj, request: Obj): Obj {
    const { name, namespace = '' } = account.metadata;
    const seconds = Number(request.spec?.['expirationSeconds'] ?? usualSeconds);
    if (seconds < leastSeconds)
      throw invalid(
        { group: 'authentication.k8s.io', kind: 'TokenRequest' },
        '',
        'spec.expirationSeconds',
        `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`,
      );
    const until = this.now() + seconds * 1000;
    const asked = request.spec?.['audiences'];
    const audiences = Array.isArray(asked) && asked.length > 0 ? (asked as unknown[]) : [issuer];
    const now = Math.floor(this.now() / 1000);
    const token = this.#signed({
      aud: audiences,
      exp: now + seconds,
      iat: now,
      nbf: now,
      iss: issuer,
      jti: this.ids(),
      sub: `system:serviceaccount:${namespace}:${name}`,
      'kubernetes.io': { namespace, serviceaccount: { name, uid: account.metadata.uid } },
    });
    this.#issued.set(token, {
      user: `system:serviceaccount:${namespace}:${name}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      until,
    });
    return {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace },
      spec: { ...request.spec, audiences, expirationSeconds: seconds },
      status: { token, expirationTimestamp: `${new Date(until).toISOString().slice(0, 19)}Z` },
    };
  }

  /** A JSON Web Token: header, claims and signature. */
  #signed(claims: object): string {
    this.#key ??= generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${encode({ alg: 'ES256', kid: 'sandbox' })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  identity(token: string): { user: string; groups: readonly string[] } | undefined {
    const issued = this.#issued.get(token);
    return issued && issued.until > this.now() ? issued : undefined;
  }
}
