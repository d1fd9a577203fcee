/** An answer of the API that says no. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: unknown = null,
  ) {
    super(message);
  }

  body(): unknown {
    return { error: { code: this.code, message: this.message, details: this.details } };
  }
}

export const notFound = (what: string, id: number | string): ApiError =>
  new ApiError(404, 'not_found', `${what} with ID '${id}' not found`);

export const invalid = (field: string, message: string): ApiError =>
  new ApiError(422, 'invalid_input', `invalid input in field '${field}'`, {
    fields: [{ name: field, messages: [message] }],
  });

export const taken = (field: string, message: string): ApiError =>
  new ApiError(409, 'uniqueness_error', message, { fields: [{ name: field }] });
