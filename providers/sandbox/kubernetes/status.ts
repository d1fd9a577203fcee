/** A refusal in the form every Kubernetes client reads. */
export class StatusError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }

  body(): unknown {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(Object.keys(this.details).length > 0 ? { details: this.details } : {}),
      code: this.code,
    };
  }
}

export const notFound = (resource: string, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${resource} "${name}" not found`, { name, kind: resource });

export const conflict = (resource: string, name: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    { name, kind: resource },
  );

export const alreadyExists = (resource: string, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${resource} "${name}" already exists`, { name, kind: resource });

export const invalid = (kind: string, name: string, field: string, message: string): StatusError =>
  new StatusError(422, 'Invalid', `${kind} "${name}" is invalid: ${field}: ${message}`, {
    ...(name === '' ? {} : { name }),
    kind,
    causes: [
      { reason: message.startsWith('Required value') ? 'FieldValueRequired' : 'FieldValueInvalid', message, field },
    ],
  });

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);
