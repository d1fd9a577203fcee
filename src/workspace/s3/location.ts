import { Secret } from '../../domain/secret.js';
import { UsageError } from '../../errors/index.js';
import type { Environment } from '../paths.js';

/** A place in a bucket, and the server that has it. */
export interface S3Location {
  readonly bucket: string;
  /** Empty, or with a slash at its end: `slipway/`. */
  readonly prefix: string;
  readonly region: string;
  /** Undefined: Amazon's own for the region. */
  readonly endpoint: string | undefined;
  /** Whether the bucket's name is in the path, not in the host's name. */
  readonly pathStyle: boolean;
  /** The country that the bucket is in, `DE`, where that is known. */
  readonly country: string | undefined;
  /** As it can be given again: `s3://bucket/slipway?region=eu-central-1`. */
  readonly text: string;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | undefined;
}

const form = 's3://bucket/prefix, with ?region=… and ?endpoint=https://… where it is not Amazon’s';
const options = ['region', 'endpoint', 'path-style', 'country'] as const;

/** Of Amazon's regions and of the places of Hetzner's object storage. */
const countries: Readonly<Record<string, string>> = {
  'eu-central-1': 'DE',
  'eu-central-2': 'CH',
  'eu-north-1': 'SE',
  'eu-south-1': 'IT',
  'eu-south-2': 'ES',
  'eu-west-1': 'IE',
  'eu-west-2': 'GB',
  'eu-west-3': 'FR',
  fsn1: 'DE',
  nbg1: 'DE',
  hel1: 'FI',
};

/**
 * Reads `s3://bucket/prefix?region=…&endpoint=…&path-style=false`. What the text leaves out, the variables say that other
 * S3 tools read too.
 * @throws UsageError code WORKSPACE_LOCATION
 */
export function s3Location(text: string, env: Environment): S3Location {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bucket = url?.hostname ?? '';
  if (!url || url.protocol !== 's3:' || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw badLocation(text, bucket === '' ? 'it names no bucket' : `${bucket} is not a bucket’s name`);
  if (url.username !== '' || url.password !== '') throw badLocation(text, 'credentials do not belong into it');
  const unknown = [...url.searchParams.keys()].find((name) => !(options as readonly string[]).includes(name));
  if (unknown !== undefined) throw badLocation(text, `it has no option ${unknown}, only ${options.join(', ')}`);
  const path = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  if (path !== '' && !/^[\w!.*'()-]+(\/[\w!.*'()-]+)*$/.test(path))
    throw badLocation(text, `the prefix ${JSON.stringify(path)} has more than letters, digits, dashes and slashes`);
  const endpoint = url.searchParams.get('endpoint') ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  if (endpoint && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)))
    throw badLocation(text, `the endpoint ${endpoint} is not an address that begins with https://`);
  const pathStyle = url.searchParams.get('path-style') ?? 'unset';
  if (!['unset', 'true', 'false'].includes(pathStyle)) throw badLocation(text, 'path-style is true or false');
  const region = url.searchParams.get('region') ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1');
  return {
    bucket,
    prefix: path === '' ? '' : `${path}/`,
    region,
    endpoint: endpoint ? endpoint.replace(/\/+$/, '') : undefined,
    // A dot in the name would not fit the certificate of Amazon's servers.
    pathStyle: pathStyle === 'unset' ? Boolean(endpoint) || bucket.includes('.') : pathStyle === 'true',
    country: url.searchParams.get('country')?.toUpperCase() ?? countries[region],
    text,
  };
}

/** @throws UsageError code S3_CREDENTIALS */
export function s3Credentials(env: Environment, location: S3Location): S3Credentials {
  const accessKeyId = env['AWS_ACCESS_KEY_ID']?.trim();
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY']?.trim();
  const sessionToken = env['AWS_SESSION_TOKEN']?.trim();
  if (!accessKeyId || !secretAccessKey) {
    const missing = accessKeyId ? 'AWS_SECRET_ACCESS_KEY is' : 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are';
    throw new UsageError(`The workspace is ${location.text}, but ${missing} not set.`, {
      code: 'S3_CREDENTIALS',
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key that may read, write and delete there.',
    });
  }
  return {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    sessionToken: sessionToken ? new Secret(sessionToken) : undefined,
  };
}

const badLocation = (text: string, why: string): UsageError =>
  // Whatever stands before an @ may be a password.
  new UsageError(`${text.replace(/\/\/[^/]*@/, '//…@')} cannot be a workspace: ${why}.`, {
    code: 'WORKSPACE_LOCATION',
    hint: `Write ${form}.`,
  });
