import type { HeaderReader } from '../../../../src/http/ask.js';
import { errorFromAnswer } from '../errors.js';
import type { Layer } from '../types.js';

export const correlationIdOf = (headers: HeaderReader): string | undefined =>
  headers.get('x-correlation-id') ?? undefined;

/** Turns an error status into a HetznerError. */
export const errorsFromBody: Layer = (next) => async (request) => {
  const response = await next(request);
  if (response.status < 400) return response;
  throw errorFromAnswer(
    `${request.method} ${request.path}`,
    response.status,
    response.text,
    correlationIdOf(response.headers),
  );
};
