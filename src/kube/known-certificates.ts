import { createHash, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import type { Clock } from '../domain/clock.js';
import type { Findings, Span } from '../domain/findings.js';

/** What a certificate was found good for. */
export interface CertificateScope {
  /** PEM, one certificate or more. */
  readonly ca: Buffer;
  /** The name or address that the certificate must have. */
  readonly host: string;
}

/**
 * The certificates of one server that OpenSSL has verified in an earlier run, by the same CA and for the same host. A
 * connection that shows one of them again, and has proved that it has its key, is as good: nothing that a verification
 * depends on differs but the time, which is compared.
 */
export class KnownCertificates {
  readonly #admitted = new WeakSet<Socket>();
  readonly #scope: string;

  constructor(
    private readonly scope: CertificateScope,
    private readonly findings: Findings,
    private readonly clock: Clock,
  ) {
    this.#scope = digest(['certificate', process.version, process.versions.openssl, scope.host, scope.ca]);
  }

  /** Whether any is known: otherwise there is no use in a connection that is not verified. */
  get any(): boolean {
    return this.findings.holds(this.#scope, this.clock.now());
  }

  /** Whether a connection, whose handshake is over, shows one that is known and holds today. */
  admits(socket: Socket): boolean {
    if (this.#admitted.has(socket)) return true;
    const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    if (!shown || !this.findings.holds(this.#keyOf(shown), this.clock.now())) return false;
    this.#admitted.add(socket);
    return true;
  }

  /**
   * Keeps what a connection shows that OpenSSL has verified: where the CA itself has signed it, as with other chains there is
   * more than two certificates whose time would have to be kept.
   */
  remember(socket: Socket): void {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return;
    const shown = socket.getPeerX509Certificate();
    if (!shown || this.findings.holds(this.#keyOf(shown), this.clock.now())) return;
    const issuer = certificatesIn(this.scope.ca).find((ca) => shown.checkIssued(ca) && shown.verify(ca.publicKey));
    if (!issuer) return;
    const span = common(spanOf(shown), spanOf(issuer));
    this.findings.add(this.#keyOf(shown), span);
    this.findings.add(this.#scope, span);
  }

  #keyOf({ raw }: X509Certificate): string {
    return digest([this.#scope, raw]);
  }
}

const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const certificatesIn = (text: Buffer): X509Certificate[] =>
  [...text.toString('latin1').matchAll(pem)].map(([one]) => new X509Certificate(one));

const spanOf = ({ validFrom, validTo }: X509Certificate): Span => ({
  from: Date.parse(validFrom),
  until: Date.parse(validTo),
});
const common = (one: Span, other: Span): Span => ({
  from: Math.max(one.from, other.from),
  until: Math.min(one.until, other.until),
});

/** Of parts whose ends cannot be moved. */
function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}
