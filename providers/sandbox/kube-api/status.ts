/** What a refusal names an object by. */
interface KindOf {
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
}

/** A refusal in the form every Kubernetes client reads. */
export class StatusError extends Error {
  /**
   * @param reason empty: the answer names none
   * @param details undefined: the answer has none; some refusals have details with nothing in them
   */
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: Record<string, unknown>,
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
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    };
  }
}

/** Nothing is served at a path at all: the answer is plain text. */
export class PageNotFound extends StatusError {
  constructor() {
    super(404, 'NotFound', '404 page not found');
  }

  override body(): unknown {
    return '404 page not found\n';
  }
}

/** What a refusal names, from `deployments.apps`: the group on its own. */
const named = (resource: string, name: string): Record<string, unknown> => {
  const [kind, ...group] = resource.split('.');
  return { name, ...(group.length > 0 ? { group: group.join('.') } : {}), kind };
};

export const notFound = (resource: string, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${resource} "${name}" not found`, named(resource, name));

export const noSuchResource = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const conflict = (resource: string, name: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    named(resource, name),
  );

export const alreadyExists = (resource: string, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${resource} "${name}" already exists`, named(resource, name));

/** What is wrong with one field. */
export interface Cause {
  readonly field: string;
  /** Begins with the sort of mistake: `Required value`, `Invalid value: …`, `Forbidden: …`. */
  readonly message: string;
}

const reasonOf = ({ message }: Cause): string => {
  if (message.startsWith('Required value')) return 'FieldValueRequired';
  if (message.startsWith('Forbidden')) return 'FieldValueForbidden';
  if (message.startsWith('Unsupported value')) return 'FieldValueNotSupported';
  return 'FieldValueInvalid';
};

/** A refusal of an object for all that is wrong with it; the message says the same thing once. */
export function refusal({ kind, group }: KindOf, name: string, causes: readonly Cause[]) {
  const lines = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  return new StatusError(
    422,
    'Invalid',
    `${group === '' ? kind : `${kind}.${group}`} "${name}" is invalid: ${lines.length === 1 ? lines[0]! : `[${lines.join(', ')}]`}`,
    {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind,
      causes: causes.map((cause) => ({ reason: reasonOf(cause), message: cause.message, field: cause.field })),
    },
  );
}

export const invalid = (resource: KindOf, name: string, field: string, message: string): StatusError =>
  refusal(resource, name, [{ field, message }]);

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

export const tooLarge = (): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728', {});
