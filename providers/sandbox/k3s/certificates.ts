import 'reflect-metadata';

import { createHash, webcrypto } from 'node:crypto';

import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as never);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 24 * 3600 * 1000;
const year = 365 * day;

/** PEM texts. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

const keyPem = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

/** A new certificate authority for a cluster. */
export async function makeCa(name: string, now: number): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 10 * year),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
    ],
  });
  return { cert: cert.toString('pem'), key: await keyPem(keys.privateKey) };
}

export interface CertificateRequest {
  /** Distinguished name: `O=system:masters,CN=system:admin`. */
  readonly name: string;
  readonly serial: string;
  readonly use: 'server' | 'client';
  /** Addresses and names of a server. */
  readonly names?: readonly string[];
}

/** A certificate signed by a cluster's authority. */
export async function issue(
  ca: Pair,
  { name, serial, use, names = [] }: CertificateRequest,
  now: number,
  days = 365,
): Promise<Pair> {
  const authority = new x509.X509Certificate(ca.cert);
  const pkcs8 = x509.PemConverter.decode(ca.key)[0]!;
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const purpose = use === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const alternative = names.map((one) => ({
    type: /^[\d.]+$|:/.test(one) ? ('ip' as const) : ('dns' as const),
    value: one,
  }));
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: name,
    issuer: authority.subject,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + days * day),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purpose]),
      ...(alternative.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternative)] : []),
    ],
  });
  return { cert: cert.toString('pem'), key: await keyPem(keys.privateKey) };
}

/** Hex SHA-256 of the authority's certificate file, as in `K10<hash>::…`. */
export const caHash = (cert: string): string => createHash('sha256').update(cert).digest('hex');
