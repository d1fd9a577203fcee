/** One thing that is wrong with a request. The API has no words for machines: a sentence, and where it can the field. */
export interface Reason {
  readonly reason: string;
  readonly field?: string;
}

/** An answer that is an error of the API. */
export class LinodeError extends Error {
  constructor(
    readonly status: number,
    readonly reasons: readonly Reason[],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(reasons.map(({ reason }) => reason).join('; '));
  }

  body(): object {
    return { errors: this.reasons };
  }
}

/** A request that is wrong in one way. */
export const invalid = (reason: string, field?: string): LinodeError =>
  new LinodeError(400, [field === undefined ? { reason } : { reason, field }]);

export const notFound = (): LinodeError => new LinodeError(404, [{ reason: 'Not found' }]);
export const badToken = (): LinodeError => new LinodeError(401, [{ reason: 'Invalid Token' }]);

/** What a token is told that lacks the scope for a change. */
export const outOfScope = (): LinodeError =>
  new LinodeError(401, [{ reason: 'Your OAuth token is not authorized to use this endpoint.' }]);

export const busy = (): LinodeError => invalid('Linode busy.');
export const accountFull = (): LinodeError =>
  invalid('Account Limit reached. Please open a support ticket to request additional resources.');
export const tooMany = (retryAfter: number): LinodeError =>
  new LinodeError(429, [{ reason: 'Too many requests' }], { 'Retry-After': String(retryAfter) });

/** Something that the cloud is still making. Asked again too soon, the answer is the same. */
export const notYet = (reason: string, retryAfter: number): LinodeError =>
  new LinodeError(503, [{ reason }], { 'Retry-After': String(retryAfter) });
