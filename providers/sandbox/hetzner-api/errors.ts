/** One field of a request that was refused, with the reasons, as `invalid_input` names them. */
export interface FieldProblem {
  readonly name: string;
  readonly messages: readonly string[];
}

/** An answer that is an error of the API: status, code, message and the details its code prescribes. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: object | null = null,
  ) {
    super(message);
  }

  body(): object {
    return { error: { code: this.code, message: this.message, details: this.details } };
  }
}

export const jsonError = (): ApiError => new ApiError(400, 'json_error', 'invalid JSON in request body');

export const unauthorized = (): ApiError => new ApiError(401, 'unauthorized', 'unable to authenticate');

/** What a read-only token is told about a change. */
export const forbidden = (): ApiError => new ApiError(403, 'forbidden', 'insufficient permissions for this request');

/** `what` is the resource's word ("server"), not a name: the API never repeats what was asked for. */
export const notFound = (what?: string): ApiError =>
  new ApiError(404, 'not_found', what ? `${what} not found` : 'resource not found');

export const methodNotAllowed = (): ApiError => new ApiError(405, 'method_not_allowed', 'method not allowed');

export const removedEndpoint = (announcement: string): ApiError =>
  new ApiError(410, 'deprecated_api_endpoint', 'API functionality was removed', {
    announcement: `https://docs.hetzner.cloud/changelog#${announcement}`,
  });

export function invalidInput(fields: readonly FieldProblem[]): ApiError {
  const names = fields.map((field) => `'${field.name}'`).join(', ');
  const message =
    fields.length === 1
      ? `invalid input in field ${names}: ${fields[0]?.messages.join(', ') ?? ''}`
      : `invalid input in fields ${names}`;
  return new ApiError(422, 'invalid_input', message, { fields });
}

/** A word outside of a list of words: its field is named in the message, the reason is in the details only. */
export function unknownWord(name: string, message: string): ApiError {
  const details = { fields: [{ name, messages: [message] }] };
  return new ApiError(422, 'invalid_input', `invalid input in field '${name}'`, details);
}

export const invalidField = (name: string, ...messages: string[]): ApiError => invalidInput([{ name, messages }]);

export const uniquenessError = (field: string, message: string): ApiError =>
  new ApiError(409, 'uniqueness_error', message, { fields: [{ name: field }] });

export const conflict = (message: string): ApiError => new ApiError(409, 'conflict', message);

export const locked = (what: string): ApiError =>
  new ApiError(423, 'locked', `cannot perform operation because ${what} is locked`);

export const protectedResource = (what: string): ApiError =>
  new ApiError(423, 'protected', `${what} deletion is protected`);

export const limitExceeded = (what: string): ApiError =>
  new ApiError(403, 'resource_limit_exceeded', `${what.replaceAll('_', ' ')} limit exceeded`, {
    limits: [{ name: `${what}_limit` }],
  });

export const resourceUnavailable = (message: string): ApiError =>
  new ApiError(412, 'resource_unavailable', message, {});

export const rateLimitExceeded = (perHour: number): ApiError =>
  new ApiError(429, 'rate_limit_exceeded', `limit of ${perHour} requests per hour reached`);

/** What only one operation knows: mostly status 422. */
export const refused = (code: string, message: string, status = 422): ApiError => new ApiError(status, code, message);
