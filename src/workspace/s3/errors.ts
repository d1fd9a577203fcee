import {
  IncompleteError,
  messageOf,
  RefusedError,
  type SlipwayError,
  UnexpectedError,
  UsageError,
} from '../../errors/index.js';
import type { S3Location } from './location.js';
import type { S3Answer, S3Request } from './request.js';
import { element } from './xml.js';

const again = 'then run the same command again: it goes on where it stopped.';

/** What is done, in messages and at boundary points: `PUT clusters/demo/record.json`. */
export const requestName = ({ method, key }: Pick<S3Request, 'method' | 'key'>): string =>
  key === undefined ? `${method} of the list` : `${method} ${key}`;

/** No answer arrived, or the server was not able to. `sent`: whether the request may have taken effect. */
export class S3Unavailable extends IncompleteError {
  constructor(
    location: S3Location,
    request: S3Request,
    why: string,
    readonly sent: boolean,
    cause?: unknown,
  ) {
    super(`${location.text} did not answer ${requestName(request)}: ${why}.`, {
      code: 'S3_UNAVAILABLE',
      hint: `Check the network of this computer, the endpoint ${location.endpoint ?? `of ${location.region}`} and its status page, ${again}`,
      cause,
    });
  }
}

export const unreachable = (location: S3Location, request: S3Request, sent: boolean, cause: unknown): S3Unavailable =>
  new S3Unavailable(location, request, messageOf(cause), sent, cause);

/** The server's own word for what it said no with: `NoSuchBucket`. An answer without a body has only its status. */
export const wordOf = ({ text, status }: S3Answer): string => element(text, 'Code') ?? `status ${status}`;

/** What an answer means that none of the callers expected. */
export function refusal(location: S3Location, request: S3Request, answer: S3Answer): SlipwayError {
  const word = wordOf(answer);
  const message = element(answer.text, 'Message')?.slice(0, 300);
  const said = message ? `${message.replace(/\.$/, '')} (${word})` : word;
  const what = `${location.text} refused ${requestName(request)}: ${said}.`;
  const bad = (code: 'S3_ACCESS' | 'NO_SUCH_BUCKET' | 'S3_REGION', hint: string): UsageError =>
    new UsageError(what, { code, hint });
  const region = answer.headers.get('x-amz-bucket-region') ?? element(answer.text, 'Region');
  if (word === 'NoSuchBucket')
    return bad('NO_SUCH_BUCKET', `Make the bucket ${location.bucket} at its provider, or correct --workspace.`);
  if (
    answer.status === 301 ||
    answer.status === 307 ||
    word === 'AuthorizationHeaderMalformed' ||
    word === 'PermanentRedirect'
  )
    return bad(
      'S3_REGION',
      `Name the bucket’s own region: --workspace '${location.text.split('?')[0]}?region=${region ?? 'REGION'}'.`,
    );
  if (word === 'RequestTimeTooSkewed')
    return new UsageError(what, { code: 'CLOCK_SKEW', hint: 'Set the clock of this computer right.' });
  if (answer.status === 501 || word === 'NotImplemented')
    return new RefusedError(what, {
      code: 'BUCKET_UNFIT',
      hint: 'This server has no conditional writes, so two runs could not keep out of each other’s way. Use another one.',
    });
  if (answer.status === 401 || answer.status === 403)
    return bad(
      'S3_ACCESS',
      'Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for a temporary key, AWS_SESSION_TOKEN: the key must be allowed to list, read, write and delete there.',
    );
  return unexpectedAnswer(location, request, said);
}

export const unexpectedAnswer = (
  location: S3Location,
  request: S3Request,
  why: string,
  cause?: unknown,
): UnexpectedError =>
  new UnexpectedError(`${location.text} returned an unexpected response to ${requestName(request)}: ${why}.`, {
    code: 'S3_ANSWER',
    hint: 'Run the same command again; if it stays, this server does not speak S3 as Slipway needs it.',
    cause,
  });
